package io.signet.hsm.vault;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How the custodian proves itself to Vault. Secrets are files, read anew at each login: an agent or
 * the kubelet may replace them at any time.
 */
public sealed interface VaultAuth {

  /** A token that somebody else has got, and replaces in the file before it ends (VAUTH-3). */
  record Token(Path tokenFile) implements VaultAuth {}

  /**
   * The token of a Kubernetes service account (VAUTH-1).
   *
   * @param mount where the method is mounted, below {@code auth/}
   */
  record Kubernetes(String mount, String role, Path tokenFile) implements VaultAuth {

    /** Where Kubernetes puts it. */
    public static final Path TOKEN_FILE =
        Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");

    public Kubernetes {
      requirePath("auth.mount", mount);
    }
  }

  /** A role id and the file of its secret id (VAUTH-2). */
  record AppRole(String mount, String roleId, Path secretIdFile) implements VaultAuth {
    public AppRole {
      requirePath("auth.mount", mount);
    }
  }

  /**
   * A client certificate (VAUTH-2).
   *
   * @param role the certificate role to log in to; absent: any that takes the certificate
   * @param certificateFile PEM, the chain, leaf first
   * @param keyFile PEM, PKCS#8, not encrypted
   */
  record Cert(String mount, Optional<String> role, Path certificateFile, Path keyFile)
      implements VaultAuth {
    public Cert {
      requirePath("auth.mount", mount);
    }
  }

  private static void requirePath(String name, String mount) {
    if (!VaultSettings.isPath(mount)) {
      throw new IllegalArgumentException(
          name + ": " + mount + " (expected: a path such as kubernetes)");
    }
  }
}
