package io.signet.attestation.kubernetes;

/** A pod as {@link FakePodServer} has it; each method gives one that differs. */
public record FakePod(
    String namespace,
    String name,
    String uid,
    String account,
    String node,
    String phase,
    boolean terminating) {

  /** A pod that runs; its uid is its name. */
  public static FakePod running(String namespace, String name, String account, String node) {
    return new FakePod(namespace, name, name, account, node, "Running", false);
  }

  public FakePod uid(String next) {
    return new FakePod(namespace, name, next, account, node, phase, terminating);
  }

  public FakePod account(String next) {
    return new FakePod(namespace, name, uid, next, node, phase, terminating);
  }

  public FakePod node(String next) {
    return new FakePod(namespace, name, uid, account, next, phase, terminating);
  }

  public FakePod phase(String next) {
    return new FakePod(namespace, name, uid, account, node, next, terminating);
  }

  /** To be deleted, and not gone yet. */
  public FakePod ending() {
    return new FakePod(namespace, name, uid, account, node, phase, true);
  }

  /** As the API server gives it, with what we do not look at. */
  String json() {
    return """
    {"kind": "Pod", "apiVersion": "v1",
     "metadata": {"name": "%s", "namespace": "%s", "uid": "%s", "labels": {"app": "x"}%s},
     "spec": {"containers": [{"name": "main", "image": "none"}], "hostNetwork": true%s%s},
     "status": {"podIP": "10.0.0.1", "conditions": []%s}}
    """
        .formatted(
            name,
            namespace,
            uid,
            terminating ? ", \"deletionTimestamp\": \"2026-11-23T12:00:00Z\"" : "",
            field("serviceAccountName", account),
            field("nodeName", node),
            field("phase", phase));
  }

  private static String field(String name, String value) {
    return value.isEmpty() ? "" : ", \"%s\": \"%s\"".formatted(name, value);
  }
}
