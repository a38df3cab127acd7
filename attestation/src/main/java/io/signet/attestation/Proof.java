package io.signet.attestation;

import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.time.Instant;
import java.util.Optional;

/** What was proven of a caller. */
public sealed interface Proof {

  /** The identity that was proven: the caller's own, or the one that it may ask for. */
  SpiffeId id();

  /** When the proof ends, such as the expiry of the token; empty when it has no end of its own. */
  Optional<Instant> until();

  /**
   * Which one of those that share the identity: the UID of the pod, or the serial number of the
   * certificate. Empty where they cannot be told apart.
   */
  default String instance() {
    return "";
  }

  /** Who asks: the caller itself, or whoever asks in its name. */
  default SpiffeId asker() {
    return id();
  }

  /** A Kubernetes service account, with the pod that its token is bound to (K8S-6, K8S-7). */
  record ServiceAccount(
      SpiffeId id,
      Optional<Instant> until,
      String cluster,
      String namespace,
      String name,
      Optional<Pod> pod)
      implements Proof {
    @Override
    public String instance() {
      return pod.map(Pod::uid).orElse("");
    }
  }

  /** The pod that a token is bound to. */
  record Pod(String name, String uid) {}

  /**
   * The identity of a workload, for the proxy of its node, which asks in the workload's name
   * (ISTIO-12).
   *
   * @param by who asks
   */
  record Impersonated(SpiffeId id, ServiceAccount by) implements Proof {
    @Override
    public String instance() {
      return by.instance();
    }

    @Override
    public SpiffeId asker() {
      return by.id();
    }

    @Override
    public Optional<Instant> until() {
      return by.until();
    }
  }

  /** The subject of a token signed by a trusted issuer. */
  record TokenSubject(SpiffeId id, Optional<Instant> until, String issuer, String subject)
      implements Proof {}

  /**
   * The key of an SVID of ours, shown as a client certificate. It says nothing of a pod or a
   * service account, so nobody can be impersonated with it (ISTIO-44).
   *
   * @param until when the SVID expires
   */
  record HeldSvid(SpiffeId id, Optional<Instant> until, SerialNumber serial) implements Proof {
    // Each of those that share the identity has a certificate, and so a key, of its own (K8S-48).
    @Override
    public String instance() {
      return serial.toString();
    }
  }

  /** A process of this machine by its user. */
  record LocalUser(SpiffeId id, int uid, int pid) implements Proof {
    @Override
    public Optional<Instant> until() {
      return Optional.empty();
    }
  }
}
