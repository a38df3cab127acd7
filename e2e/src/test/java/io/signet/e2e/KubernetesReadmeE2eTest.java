package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Openssl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README in k8s/ tells to type, as far as it needs no cluster. */
@Tag("e2e")
final class KubernetesReadmeE2eTest {
  private static final Path README = Path.of("../k8s/README.md");

  @TempDir private Path folder;

  // The roots that proxies get must vouch for both: for istiod by its host name, and for workloads.
  @Test
  void istioRoots_asTold_vouchForIstiodAndForWorkloads() throws IOException {
    try (var signet = SignetProcess.dev(folder.resolve("dev"));
        var client = signet.client().bearing(signet.token("shop", "cart"))) {
      Files.copy(signet.bundle(), folder.resolve("signet-roots.pem"));
      type(told("openssl ") + told("cat signet-roots.pem "));
      client.sign(Csr.create(folder)).writeTo(folder);
    }
    assertThat(verified("-verify_hostname", "istiod.istio-system.svc", file("istiod.pem")))
        .contains("OK");
    assertThat(verified("-untrusted", file("intermediates.pem"), file("leaf.pem"))).contains("OK");
  }

  /** The commands of the README that begin so, each with its further lines. */
  private static String told(String beginning) throws IOException {
    String joined = Files.readString(README).replaceAll("\\\\\\n *", "");
    return joined
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith(beginning))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private void type(String commands) throws IOException {
    String inFolder = "set -e; cd \"" + folder + "\"\n" + commands;
    var _ = Command.run(Map.of(), List.of("bash", "-c", inFolder));
  }

  private String verified(String... arguments) throws IOException {
    var all = new ArrayList<>(List.of("verify", "-CAfile", file("root-cert.pem")));
    all.addAll(List.of(arguments));
    return Openssl.run(all.toArray(String[]::new));
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }
}
