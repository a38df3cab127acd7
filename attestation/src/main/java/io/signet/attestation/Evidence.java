package io.signet.attestation;

import io.signet.spiffe.SerialNumber;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.List;

/** What a caller shows to say who it is; nothing of it is proven yet. */
public sealed interface Evidence {

  /**
   * A token of the {@code authorization} header (ISTIO-15), with the cluster id that the caller
   * sent beside it; empty when it sent none (ISTIO-11). Spaces after a token do not count
   * (ISTIO-15).
   */
  record BearerToken(String token, String clusterId) implements Evidence {
    public BearerToken {
      token = token.stripTrailing();
    }

    @Override
    public String toString() {
      return "BearerToken[" + token.length() + " characters, cluster \"" + clusterId + "\"]";
    }
  }

  /**
   * A client certificate whose private key the TLS handshake has proven; leaf first, unverified.
   */
  record ClientCertificate(List<X509Certificate> chain) implements Evidence {
    public ClientCertificate {
      chain = List.copyOf(chain);
    }

    @Override
    public String toString() {
      return "ClientCertificate[serial " + serial(chain.getFirst().getSerialNumber()) + "]";
    }

    // Of others it may be anything.
    private static String serial(BigInteger number) {
      try {
        return new SerialNumber(number).toString();
      } catch (IllegalArgumentException noneOfOurs) {
        return number.toString(16);
      }
    }
  }

  /** What the kernel says of the process at the other end of a Unix socket (SO_PEERCRED). */
  record PeerCredentials(int uid, int gid, int pid) implements Evidence {}
}
