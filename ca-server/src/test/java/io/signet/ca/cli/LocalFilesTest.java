package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFilesTest {
  @TempDir Path folder;

  @Test
  void write_twice_replacedAndNothingElseLeft() throws Exception {
    Path file = folder.resolve("file");
    LocalFiles.write(file, "old");

    LocalFiles.write(file, "new");

    assertThat(file).hasContent("new");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r--r--");
    assertNothingBeside("file");
  }

  @Test
  void write_noFolder_namesTheFileThatWasMeant() {
    Path file = folder.resolve("none/file");

    assertThat(problemOfWriting(file)).isEqualTo(file + ": no such folder");
  }

  @Test
  void write_folderInItsPlace_namesTheFileThatWasMeant() throws Exception {
    Path file = Files.createDirectory(folder.resolve("file"));

    assertThat(problemOfWriting(file)).isEqualTo(file + ": Is a directory");
    assertNothingBeside("file");
  }

  @Test
  void problem_exceptionThatSaysOnlyAName_hasAReason() {
    assertThat(LocalFiles.problem(new AccessDeniedException("/f"))).isEqualTo("/f: access denied");
    assertThat(LocalFiles.problem(new NotDirectoryException("/f")))
        .isEqualTo("/f: NotDirectoryException");
  }

  @Test
  void makePrivateFolder_thereAlready_closedToOthers() throws Exception {
    Path open = Files.createDirectory(folder.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));

    LocalFiles.makePrivateFolder(open);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(open)))
        .isEqualTo("rwx------");
  }

  @Test
  void makePrivateFolder_linkInItsPlace_refused() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);

    IOException e =
        catchThrowableOfType(IOException.class, () -> LocalFiles.makePrivateFolder(link));

    assertThat(LocalFiles.problem(e)).isEqualTo(link + ": is in the way");
  }

  private static String problemOfWriting(Path file) {
    return LocalFiles.problem(
        catchThrowableOfType(IOException.class, () -> LocalFiles.write(file, "text")));
  }

  private void assertNothingBeside(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(folder.resolve(name));
    }
  }
}
