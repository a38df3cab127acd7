package io.signet.ca.store;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered of the root on H2. */
final class SqlAuthorityStoreTest extends AuthorityStoreContract {

  @TempDir private Path directory;

  @Override
  Database database() throws Exception {
    return EmbeddedDatabase.open(directory);
  }
}
