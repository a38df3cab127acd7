package io.signet.attestation.kubernetes;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A cluster to be judged, as its administrator sees it; all is in the namespace {@code shop}. */
public interface TestCluster extends AutoCloseable {

  /** What a token may be bound to. */
  enum Kind {
    POD("Pod", "pods"),
    NODE("Node", "nodes"),
    SECRET("Secret", "secrets"),
    SERVICE_ACCOUNT("ServiceAccount", "serviceaccounts");

    private final String singular;
    private final String resource;

    Kind(String singular, String resource) {
      this.singular = singular;
      this.resource = resource;
    }

    /** As an object names it. */
    public String singular() {
      return singular;
    }

    /** As a path names it. */
    public String resource() {
      return resource;
    }
  }

  /** An object by its kind and name. */
  record Bound(Kind kind, String name) {}

  /** With the rights of our own account. */
  Path kubeconfig() throws IOException;

  void createServiceAccount(String name) throws IOException;

  /** Returns its UID. */
  @CanIgnoreReturnValue
  String createPod(String name, String serviceAccount, String node) throws IOException;

  void createNode(String name) throws IOException;

  void createSecret(String name) throws IOException;

  /** Deletes it at once, without grace. */
  void delete(Kind kind, String name) throws IOException;

  /** A token as kubelet requests it. */
  String token(String serviceAccount, Optional<Bound> boundTo, List<String> audiences)
      throws IOException;

  /** The same token with changed claims, and with a valid signature of the cluster's key. */
  String resign(String token, Consumer<ObjectNode> change) throws IOException;

  /** How many TokenReviews it has been asked for. */
  long reviews() throws IOException;

  @Override
  void close() throws IOException;
}
