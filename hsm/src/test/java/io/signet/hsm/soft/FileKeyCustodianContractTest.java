package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.DurableKeyCustodianContract;
import io.signet.hsm.KeyCustodian;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Under a passphrase, and under a key-file. */
@ParameterizedClass
@ValueSource(booleans = {false, true})
final class FileKeyCustodianContractTest extends DurableKeyCustodianContract {

  private static final int FEW_ITERATIONS = 10;

  @Parameter private boolean underKeyFile;
  @TempDir private Path directory;
  private KeyCustodian custodian;

  @BeforeEach
  void open() throws Exception {
    Path key = Files.write(directory.resolve("key"), new byte[FileSecret.FEWEST_BYTES]);
    Path _ = Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    custodian = opened();
  }

  @AfterEach
  void close() {
    custodian.close();
  }

  @Override
  protected KeyCustodian custodian() {
    return custodian;
  }

  @Override
  protected KeyCustodian reopened() throws CustodyException {
    custodian.close();
    custodian = opened();
    return custodian;
  }

  private KeyCustodian opened() throws CustodyException {
    return FileKeyCustodian.open(directory.resolve("keys"), secret());
  }

  private FileSecret secret() throws CustodyException {
    return underKeyFile
        ? FileSecret.keyFile(directory.resolve("key"))
        : FileSecret.passphrase("correct horse".toCharArray(), FEW_ITERATIONS);
  }
}
