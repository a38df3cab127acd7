package io.signet.ca.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.signet.ca.cli.ReceivedSecret.Bundle;
import io.signet.ca.cli.ReceivedSecret.Identity;
import io.signet.ca.cli.ReceivedSecret.Roots;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What programs find that read only files. */
class SecretFolderTest {
  @TempDir Path folder;

  @Test
  void write_certificateAndBundle_areLinksToOneState() throws Exception {
    assertThat(write(identity("1"), roots("a"))).isTrue();

    assertThat(folder.resolve("svid.pem")).hasContent("chain 1");
    assertThat(folder.resolve("svid.key")).hasContent("key 1");
    assertThat(folder.resolve("bundle.pem")).hasContent("roots of a");
    assertThat(Files.readSymbolicLink(folder.resolve("svid.pem")))
        .isEqualTo(Path.of("..data", "svid.pem"));
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("svid.key"))))
        .isEqualTo("rw-------");
  }

  @Test // whoever has opened the folder of one state finds nothing of another in it
  void write_nextCertificate_isAnotherStateWithTheBundleOfBefore() throws Exception {
    assertThat(write(identity("1"), roots("a"))).isTrue();
    Path first = folder.resolve("..data").toRealPath();

    assertThat(write(identity("2"))).isTrue();

    Path second = folder.resolve("..data").toRealPath();
    assertThat(second).isNotEqualTo(first);
    assertThat(second.resolve("svid.pem")).hasContent("chain 2");
    assertThat(second.resolve("svid.key")).hasContent("key 2");
    assertThat(second.resolve("bundle.pem")).hasContent("roots of a");
    assertThat(first).doesNotExist();
    assertThat(names())
        .containsExactlyInAnyOrder(
            "..data", second.getFileName().toString(), "svid.pem", "svid.key", "bundle.pem");
  }

  @Test // a reconnect brings the same again: nobody has to reload for it
  void write_sameAgain_changesNothing() throws Exception {
    assertThat(write(identity("1"), roots("a"))).isTrue();
    Path state = folder.resolve("..data").toRealPath();

    assertThat(write(identity("1"), roots("a"))).isFalse();

    assertThat(folder.resolve("..data").toRealPath()).isEqualTo(state);
  }

  @Test // a crash may come between the state and its links
  void write_sameAgainButALinkIsMissing_isMended() throws Exception {
    assertThat(write(identity("1"))).isTrue();
    Files.delete(folder.resolve("svid.pem"));

    assertThat(write(identity("1"))).isTrue();

    assertThat(folder.resolve("svid.pem")).hasContent("chain 1");
  }

  @Test // in one file each trust domain would vouch for the others
  void write_severalTrustDomains_eachHasAFile() throws Exception {
    assertThat(write(roots("a"))).isTrue();
    assertThat(write(roots("a", "b"))).isTrue();

    assertThat(folder.resolve("bundle.a.pem")).hasContent("roots of a");
    assertThat(folder.resolve("bundle.b.pem")).hasContent("roots of b");
    assertThat(names()).doesNotContain("bundle.pem");
  }

  @Test // what was written before the files were links
  void write_overPlainFiles_replacesThem() throws Exception {
    Files.writeString(folder.resolve("svid.pem"), "old");

    assertThat(write(identity("1"))).isTrue();

    assertThat(folder.resolve("svid.pem")).hasContent("chain 1");
  }

  @Test
  void write_twoCertificates_refused() {
    assertThatThrownBy(() -> write(identity("1"), identity("2")))
        .hasMessage("--out: 2 certificates (expected: one)");
  }

  private boolean write(ReceivedSecret... secrets) throws Exception {
    return new SecretFolder(folder).write(List.of(secrets));
  }

  private List<String> names() throws Exception {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }

  private static Identity identity(String number) {
    return new Identity(
        "default", List.of(), "chain " + number, ByteString.copyFrom("key " + number, UTF_8));
  }

  private static Roots roots(String... domains) {
    return new Roots(
        "ALL",
        Stream.of(domains)
            .map(domain -> new Bundle(domain, List.of(), "roots of " + domain))
            .toList(),
        List.of());
  }
}
