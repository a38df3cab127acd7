package io.signet.e2e.bench;

import io.signet.ca.config.Address;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A server to measure, and all that a caller needs to be answered by it. */
final class Target implements AutoCloseable {

  private static final String NAMESPACE = "bench";
  private static final String ACCOUNT = "load";

  private final Address address;
  private final Path caFile;
  private final String token;
  private final SpiffeId identity;
  private final OptionalLong pid;
  private final Optional<OwnServer> own;

  private record OwnServer(DevFolder folder, ServerProcess process) {}

  private Target(
      Address address,
      Path caFile,
      String token,
      SpiffeId identity,
      OptionalLong pid,
      Optional<OwnServer> own) {
    this.address = address;
    this.caFile = caFile;
    this.token = token;
    this.identity = identity;
    this.pid = pid;
    this.own = own;
  }

  /** Any server. */
  static Target remote(
      Address address, Path caFile, Path tokenFile, SpiffeId identity, OptionalLong pid)
      throws IOException {
    String token = Files.readString(tokenFile).strip();
    return new Target(address, caFile, token, identity, pid, Optional.empty());
  }

  /** Any server, whose process is known. */
  static Target of(Address address, Path caFile, String token, SpiffeId identity, long pid) {
    return new Target(address, caFile, token, identity, OptionalLong.of(pid), Optional.empty());
  }

  /** A dev server that runs on this folder. */
  static Target dev(Path folder, OptionalLong pid)
      throws BenchException, IOException, InterruptedException {
    return dev(folder, pid, Optional.empty());
  }

  private static Target dev(Path folder, OptionalLong pid, Optional<OwnServer> own)
      throws BenchException, IOException, InterruptedException {
    SignetConfig config = config(folder.resolve("config.yaml"));
    return new Target(
        config.listen().workload(),
        folder.resolve("trust-bundle.pem"),
        token(folder),
        SpiffeId.of(config.trustDomain(), "ns", NAMESPACE, "sa", ACCOUNT),
        pid,
        own);
  }

  private static SignetConfig config(Path file) throws BenchException {
    try {
      return SignetConfig.load(file);
    } catch (ConfigException e) {
      throw new BenchException(file + " is no configuration of a dev server", e);
    }
  }

  private static String token(Path folder)
      throws BenchException, IOException, InterruptedException {
    return Program.here(List.of())
        .output(List.of("dev", "token", NAMESPACE, ACCOUNT, "--dir", folder.toString()));
  }

  /** A dev server of our own, which ends when this is closed. */
  static Target own(Program program) throws BenchException, IOException, InterruptedException {
    DevFolder folder = DevFolder.create();
    try {
      return own(folder, folder.dev(program));
    } catch (BenchException | IOException | InterruptedException e) {
      folder.close();
      throw e;
    }
  }

  private static Target own(DevFolder folder, ServerProcess process)
      throws BenchException, IOException, InterruptedException {
    try {
      OptionalLong pid = OptionalLong.of(process.pid());
      return dev(folder.home(), pid, Optional.of(new OwnServer(folder, process)));
    } catch (BenchException | IOException | InterruptedException e) {
      process.close();
      throw e;
    }
  }

  Address address() {
    return address;
  }

  Path caFile() {
    return caFile;
  }

  String token() {
    return token;
  }

  SpiffeId identity() {
    return identity;
  }

  /** What the server has used so far; empty when its process is not known. */
  Optional<ProcessUsage> usage() throws BenchException {
    return pid.isPresent() ? Optional.of(ProcessUsage.of(pid.getAsLong())) : Optional.empty();
  }

  /**
   * What lives on the heap of a server of our own, after a collection; what it has of memory
   * besides can be free.
   */
  long liveHeapBytes() throws BenchException, IOException, InterruptedException {
    return ServerMemory.of(pid.orElseThrow()).liveHeapBytes();
  }

  @Override
  public void close() throws IOException {
    if (own.isPresent()) {
      own.get().process().close();
      own.get().folder().close();
    }
  }
}
