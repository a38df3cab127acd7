package io.signet.ca.http;

import io.grpc.Status;
import io.grpc.Status.Code;
import java.util.Map;

/**
 * How a request for secrets is refused.
 *
 * @param http the status line's
 * @param code what it would be over gRPC
 * @param message for the caller
 */
record HttpStatus(int http, Code code, String message) {

  static final HttpStatus NO_SUCH_PATH =
      new HttpStatus(404, Code.NOT_FOUND, "no such path (expected: /v3/discovery:secrets)");
  static final HttpStatus NO_SUCH_METHOD =
      new HttpStatus(405, Code.UNIMPLEMENTED, "method not allowed (expected: POST)");

  static HttpStatus tooLarge(int most) {
    String message = "body too large (expected: at most %d bytes)".formatted(most);
    return new HttpStatus(413, Code.RESOURCE_EXHAUSTED, message);
  }

  static HttpStatus of(Status status) {
    String description = status.getDescription();
    return new HttpStatus(
        http(status.getCode()), status.getCode(), description == null ? "" : description);
  }

  /** What else an answer of this status has to say, by RFC 9110. */
  Map<String, String> headers() {
    return switch (http) {
      case 401 -> Map.of("www-authenticate", "Bearer");
      case 405 -> Map.of("allow", "POST");
      default -> Map.of();
    };
  }

  private static int http(Code code) {
    return switch (code) {
      case INVALID_ARGUMENT -> 400;
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case NOT_FOUND -> 404;
      case RESOURCE_EXHAUSTED -> 429;
      case UNAVAILABLE -> 503;
      default -> 500;
    };
  }
}
