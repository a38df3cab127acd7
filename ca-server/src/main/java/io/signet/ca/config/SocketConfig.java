package io.signet.ca.config;

import io.signet.ca.config.AttestationConfig.UnixCaller;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A Unix socket for SDS.
 *
 * @param path of its file
 * @param mode of its file; somebody may write, which is to connect
 * @param group of its file, by name; empty: whichever the system gives it
 * @param unix who is who on this socket
 * @param names what secrets are called on this socket
 */
public record SocketConfig(
    Path path,
    Set<PosixFilePermission> mode,
    Optional<String> group,
    List<UnixCaller> unix,
    SdsNames names) {

  private static final Set<PosixFilePermission> WRITING =
      EnumSet.of(
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_WRITE);

  /**
   * @throws IllegalArgumentException if nobody may connect
   */
  public SocketConfig {
    mode = Set.copyOf(mode);
    unix = List.copyOf(unix);
    InvalidValueException.require(
        isOpen(mode), "mode", PosixFilePermissions.toString(mode), "writable for someone");
  }

  /** Whether somebody may connect, which is to write. */
  static boolean isOpen(Set<PosixFilePermission> mode) {
    return WRITING.stream().anyMatch(mode::contains);
  }
}
