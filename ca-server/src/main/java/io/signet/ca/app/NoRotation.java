package io.signet.ca.app;

import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.AuthorityConfig.Root.Imported;
import io.signet.ca.config.AuthorityConfig.Root.InSignet;
import io.signet.ca.config.AuthorityConfig.Root.InVault;
import io.signet.ca.config.AuthorityConfig.Root.Own;
import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.rotation.RotationStatus;
import java.util.List;
import java.util.Optional;

/**
 * Of a root that is elsewhere: what there is to know and to do is there.
 *
 * @param root where it is
 */
record NoRotation(Root root) implements RotationControl {

  @Override
  public RotationStatus status() throws RefusedException {
    throw refused();
  }

  @Override
  public List<AuthorityStatus> authorities() {
    return List.of();
  }

  @Override
  public void start(String by, String reason, Optional<String> compromised)
      throws RefusedException {
    throw refused();
  }

  @Override
  public void approve(String by) throws RefusedException {
    throw refused();
  }

  @Override
  public void force(String by, String reason) throws RefusedException {
    throw refused();
  }

  @Override
  public void cancel(String by, String reason) throws RefusedException {
    throw refused();
  }

  private RefusedException refused() {
    return new RefusedException("the root is not rotated here: " + whose());
  }

  private String whose() {
    return switch (root) {
      case Own _ -> "it is not told yet (expected: later)";
      case Imported _ ->
          "it was imported (expected: signet authority import, with the CA that its owner signs)";
      case InVault vault ->
          "it is in Vault at %s (expected: to be rotated there, and told in authority.roots-file)"
              .formatted(vault.engine().addresses().getFirst());
      case InSignet signet ->
          "it is in the Signet at %s (expected: signet rotation --operator of that one)"
              .formatted(signet.address());
    };
  }
}
