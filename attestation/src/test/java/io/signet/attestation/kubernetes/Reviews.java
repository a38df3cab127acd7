package io.signet.attestation.kubernetes;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/** Tokens, and what kube-apiserver 1.36 answers to their reviews. */
final class Reviews {

  static final Instant EXPIRY = Instant.parse("2026-11-23T13:00:00Z");

  // As long as real ones, which are longer than what is kept of a reason.
  static final String TOKEN =
      token("{\"exp\":%d,\"pad\":\"%s\"}".formatted(EXPIRY.getEpochSecond(), "x".repeat(1200)));

  private Reviews() {}

  /** Shaped like a token; nobody looks at its signature here. */
  static String token(String payload) {
    return base64("{\"alg\":\"RS256\",\"kid\":\"k\"}") + '.' + base64(payload) + ".c2lnbmF0dXJl";
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The review of a good token of {@code default/web}. */
  static String good() {
    return review(
        """
        "authenticated": true,
        "user": {
          "username": "system:serviceaccount:default:web",
          "uid": "b4b0d0a7-0b5b-4c63-bd0c-1e5d6f0f7b11",
          "groups": ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
          "extra": {
            "authentication.kubernetes.io/credential-id": ["JTI=7c2f4d4e-6b1b-4a55-8d02-8f3f6f7a9c01"],
            "authentication.kubernetes.io/node-name": ["node-1"],
            "authentication.kubernetes.io/node-uid": ["5d0b5f1c-9a57-4a3e-8a0e-5a1b3c2d4e5f"],
            "authentication.kubernetes.io/pod-name": ["web-7d4b9c-x2x7p"],
            "authentication.kubernetes.io/pod-uid": ["0c6f7a39-6d35-43a5-9b83-0e6a3e7e0f4b"]
          }
        },
        "audiences": ["istio-ca"]
        """);
  }

  static String refused() {
    return review(
        """
        "user": {},
        "error": "[invalid bearer token, service account token has expired]"
        """);
  }

  /** A whole review, its spec as the API server repeats it. */
  static String review(String status) {
    return """
    {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1",
     "metadata": {"managedFields": [{"manager": "signet", "operation": "Update"}]},
     "spec": {"token": "%s", "audiences": ["istio-ca"]},
     "status": { %s }}
    """
        .formatted(TOKEN, status);
  }

  /** An error of the API server. */
  static String status(int code, String reason, String message) {
    return """
    {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
     "message": "%s", "reason": "%s", "code": %d}
    """
        .formatted(message, reason, code);
  }
}
