package io.signet.ca.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.ForeignCa;
import io.signet.spiffe.Pem;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The bundles as the files are; the test says when they are looked at. */
class FederatedBundlesTest {
  private static final TrustDomain OTHER = new TrustDomain("other.org");
  private static final X509Certificate ONE = ForeignCa.root("one").certificate();
  private static final X509Certificate TWO = ForeignCa.root("two").certificate();

  @RegisterExtension final CapturedLog log = new CapturedLog(FederatedBundles.class);
  @TempDir Path folder;
  private final List<List<TrustBundle>> told = new ArrayList<>();
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(folder.resolve("other.pem"), Pem.encode(List.of(ONE)));
  }

  @Test
  void open_files_bundlesInTheirOrderAndNobodyTold() throws Exception {
    Path third = Files.writeString(folder.resolve("third.pem"), Pem.encode(List.of(TWO)));

    FederatedBundles bundles =
        FederatedBundles.open(
            List.of(
                new BundleFile(OTHER, file), new BundleFile(new TrustDomain("third.org"), third)),
            told::add);
    bundles.look();

    assertThat(bundles.bundles())
        .extracting(bundle -> bundle.trustDomain().name())
        .containsExactly("other.org", "third.org");
    assertThat(told).isEmpty();
  }

  @Test
  void open_badFile_namedWithWhatWasExpected() throws Exception {
    Files.writeString(file, "hello");

    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessage(
            "bundle of other.org: %s: PEM: no block (expected: CERTIFICATE)".formatted(file));
  }

  @Test
  void open_missingOrFolder_namedWithWhatWasExpected() throws Exception {
    Files.delete(file);
    assertThatThrownBy(this::open)
        .hasMessage(
            "bundle of other.org: %s: no such file"
                + " (expected: a file with the CA certificates of other.org as PEM)",
            file);

    Files.createDirectory(file);
    assertThatThrownBy(this::open)
        .hasMessage(
            "bundle of other.org: %s: Is a directory"
                + " (expected: a file with the CA certificates of other.org as PEM)",
            file);
  }

  @Test
  void look_renamedOver_toldOnce() throws Exception {
    FederatedBundles bundles = open();
    Path next = Files.writeString(folder.resolve("next"), Pem.encode(List.of(ONE, TWO)));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);

    bundles.look();
    bundles.look();

    assertThat(told).hasSize(1);
    assertThat(told.getFirst().getFirst().authorities()).containsExactly(ONE, TWO);
    assertThat(bundles.bundles()).isEqualTo(told.getFirst());
  }

  // How the kubelet renews a volume: the file is a link into ..data, which is a link that is
  // turned.
  @Test
  void look_linkTurned_told() throws Exception {
    Path volume = Files.createDirectory(folder.resolve("volume"));
    version(volume, "v1", ONE);
    Files.createSymbolicLink(volume.resolve("..data"), Path.of("v1"));
    file = Files.createSymbolicLink(volume.resolve("other.pem"), Path.of("..data/other.pem"));
    FederatedBundles bundles = open();

    version(volume, "v2", TWO);
    Path next = Files.createSymbolicLink(volume.resolve("..data_tmp"), Path.of("v2"));
    Files.move(next, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    bundles.look();

    assertThat(told).hasSize(1);
    assertThat(bundles.bundles().getFirst().authorities()).containsExactly(TWO);
  }

  @Test
  void look_badContent_lastGoodKeptAndOneAlarmForEach() throws Exception {
    FederatedBundles bundles = open();
    Files.writeString(file, "hello");
    bundles.look();
    bundles.look();
    Files.writeString(file, "");
    bundles.look();
    bundles.look();

    assertThat(told).isEmpty();
    assertThat(bundles.bundles().getFirst().authorities()).containsExactly(ONE);
    assertThat(log.alarms()).hasSize(2);
    assertThat(log.alarms().getFirst())
        .startsWith(
            "bundle of other.org: %s: PEM: no block (expected: CERTIFICATE)".formatted(file));
    assertThat(bundles.problems())
        .containsExactly(
            "bundle of other.org: %s: no certificate (expected: at least one)".formatted(file));
  }

  @Test
  void look_deletedAndBack_noProblemAnyMore() throws Exception {
    FederatedBundles bundles = open();
    Files.delete(file);
    bundles.look();
    assertThat(bundles.problems()).singleElement().asString().contains("no such file");

    Files.writeString(file, Pem.encode(List.of(TWO)));
    bundles.look();

    assertThat(bundles.problems()).isEmpty();
    assertThat(told).hasSize(1);
  }

  @Test
  void look_moreThanOneMebibyte_refused() throws Exception {
    FederatedBundles bundles = open();
    Files.writeString(file, Pem.encode(List.of(TWO)) + "#".repeat(1024 * 1024));

    bundles.look();

    assertThat(bundles.problems()).singleElement().asString().contains("more than 1 MiB");
    assertThat(told).isEmpty();
  }

  @Test
  void look_listenerFails_toldAgain() throws Exception {
    FederatedBundles bundles =
        FederatedBundles.open(
            List.of(new BundleFile(OTHER, file)),
            all -> {
              told.add(all);
              if (told.size() == 1) {
                throw new IllegalStateException("a bug, thrown by this test");
              }
            });
    Files.writeString(file, Pem.encode(List.of(TWO)));

    assertThatThrownBy(bundles::look).hasMessageContaining("a bug");
    bundles.look();
    bundles.look();

    assertThat(told).hasSize(2);
  }

  private FederatedBundles open() throws IOException {
    return FederatedBundles.open(List.of(new BundleFile(OTHER, file)), told::add);
  }

  private static void version(Path volume, String name, X509Certificate authority)
      throws IOException {
    Path version = Files.createDirectory(volume.resolve(name));
    Files.writeString(version.resolve("other.pem"), Pem.encode(List.of(authority)));
  }
}
