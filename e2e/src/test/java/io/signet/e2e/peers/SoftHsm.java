package io.signet.e2e.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A SoftHSM with tokens of its own: a real PKCS#11 module without the hardware. */
public final class SoftHsm implements AutoCloseable {
  private final Path installation;
  private final Path folder;

  private SoftHsm(Path installation, Path folder) {
    this.installation = installation;
    this.folder = folder;
  }

  /** A SoftHSM without a token, whose slots do not claim to be removable. */
  public static SoftHsm create() throws IOException {
    return create(false);
  }

  /**
   * A SoftHSM without a token.
   *
   * @param removable whether its slots claim to be removable; a client may then look each time
   *     whether the token is still there
   */
  public static SoftHsm create(boolean removable) throws IOException {
    var _ = Peers.require("softhsm");
    return createIn(TemporaryFolder.create("softhsm"), removable);
  }

  /** As {@link #create()}, with its tokens in a folder of the caller, who may delete it. */
  public static SoftHsm createIn(Path folder) throws IOException {
    return createIn(folder, false);
  }

  private static SoftHsm createIn(Path folder, boolean removable) throws IOException {
    Path installation = Peers.require("softhsm");
    var hsm = new SoftHsm(installation, folder);
    Files.createDirectory(hsm.tokens());
    Files.writeString(
        hsm.confFile(),
        """
        directories.tokendir = %s
        objectstore.backend = file
        log.level = ERROR
        slots.removable = %s
        """
            .formatted(hsm.tokens(), removable));
    return hsm;
  }

  /** Puts a new token into a free slot. */
  public void initToken(String label, String soPin, String pin) throws IOException {
    util("--init-token", "--free", "--label", label, "--so-pin", soPin, "--pin", pin);
  }

  /** The slots and their tokens, as {@code softhsm2-util} shows them. */
  public String showSlots() throws IOException {
    return util("--show-slots");
  }

  /**
   * What OpenSC's {@code pkcs11-tool} prints about this module: a second, independent view on it.
   * The test is skipped if OpenSC is missing.
   */
  public String pkcs11Tool(String... arguments) throws IOException {
    return run(Peers.require("opensc").resolve("pkcs11-tool"), arguments);
  }

  /** OpenSC's module that passes each call on to another, and writes it down. */
  public Path spy() {
    return Peers.require("opensc").resolve("usr/lib/x86_64-linux-gnu/pkcs11-spy.so");
  }

  /** What {@link #spy} needs in its environment to stand before this module. */
  public Map<String, String> spying(Path calls) {
    return Map.of(
        "SOFTHSM2_CONF", confFile().toString(),
        "PKCS11SPY", library().toString(),
        "PKCS11SPY_OUTPUT", calls.toString());
  }

  /** The PKCS#11 module, to be loaded by a process that has {@link #environment}. */
  public Path library() {
    return installation.resolve("usr/lib/softhsm/libsofthsm2.so");
  }

  /** The configuration, which the module finds through {@link #environment}. */
  public Path confFile() {
    return folder.resolve("softhsm2.conf");
  }

  /** The folder of the tokens; moved away, it is as if the tokens had been pulled out. */
  public Path tokens() {
    return folder.resolve("tokens");
  }

  /** What a process needs in its environment so that the module finds these tokens. */
  public Map<String, String> environment() {
    return Map.of("SOFTHSM2_CONF", confFile().toString());
  }

  @Override
  public void close() throws IOException {
    TemporaryFolder.delete(folder);
  }

  private String util(String... arguments) throws IOException {
    return run(installation.resolve("usr/bin/softhsm2-util"), arguments);
  }

  private String run(Path tool, String... arguments) throws IOException {
    var command = new ArrayList<>(List.of(tool.toString(), "--module", library().toString()));
    command.addAll(List.of(arguments));
    return Command.run(environment(), command);
  }
}
