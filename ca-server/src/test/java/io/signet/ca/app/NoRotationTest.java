package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.config.Address;
import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin;
import io.signet.ca.rotation.RefusedException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Whoever asks for a rotation that is none of ours is told whose it is. */
final class NoRotationTest {

  private static final Path FILE = Path.of("roots.pem");

  @Test
  void status_imported_byThoseWhoOwnIt() {
    assertSays(
        new Root.Imported(),
        "it was imported (expected: signet authority import, with the CA that its owner signs)");
  }

  @Test
  void status_inVault_whereThatIs() {
    VaultEngine engine =
        new VaultEngine(
            List.of(URI.create("https://one:8200"), URI.create("https://two:8200")),
            "pki",
            Optional.empty(),
            Optional.empty(),
            new VaultLogin.ByToken(Path.of("token")));

    assertSays(
        new Root.InVault(engine, Optional.empty(), FILE),
        "it is in Vault at https://one:8200 (expected: to be rotated there, and told in"
            + " authority.roots-file)");
  }

  @Test
  void status_inSignet_whereThatIs() {
    assertSays(
        new Root.InSignet(Address.parse("above:8443"), Path.of("token"), "east", FILE),
        "it is in the Signet at above:8443 (expected: signet rotation --operator of that one)");
  }

  @Test // the server is about to tell more
  void status_ownAndNotReadYet_later() {
    assertSays(new Root.Own(), "it is not told yet (expected: later)");
  }

  @Test
  void acts_elsewhere_refusedAsTheStatusIs() {
    NoRotation none = new NoRotation(new Root.Imported());

    assertRefused(() -> none.start("alice", "yearly", Optional.empty()));
    assertRefused(() -> none.approve("alice"));
    assertRefused(() -> none.force("alice", "now"));
    assertRefused(() -> none.cancel("alice", "no"));
    assertThat(none.authorities()).isEmpty();
  }

  private static void assertRefused(ThrowingCallable act) {
    assertThatThrownBy(act)
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("the root is not rotated here: it was imported");
  }

  private static void assertSays(Root root, String whose) {
    assertThatThrownBy(new NoRotation(root)::status)
        .isInstanceOf(RefusedException.class)
        .hasMessage("the root is not rotated here: " + whose);
  }
}
