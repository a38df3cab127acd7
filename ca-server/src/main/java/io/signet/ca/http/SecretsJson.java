package io.signet.ca.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.JsonFormat.TypeRegistry;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.StatusException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;

/** Messages of the Secret Discovery Service in the JSON mapping of protobuf. */
final class SecretsJson {
  private static final int LONGEST_REASON = 200;

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build()
          .reader();

  // What a newer Envoy says beside what we know is none of our business.
  private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();

  // All that is sent as Any: SecretEncoder.
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer()
          .usingTypeRegistry(
              TypeRegistry.newBuilder()
                  .add(List.of(Secret.getDescriptor(), SPIFFECertValidatorConfig.getDescriptor()))
                  .build())
          .omittingInsignificantWhitespace();

  private SecretsJson() {}

  /**
   * Reads a request.
   *
   * @throws StatusException if it is none; it says what is wrong, with at most 200 characters of it
   */
  static DiscoveryRequest request(byte[] body) throws StatusException {
    var request = DiscoveryRequest.newBuilder();
    try {
      PARSER.merge(withoutErrorDetail(JSON.readTree(body)).toString(), request);
      return request.build();
    } catch (JsonProcessingException e) {
      throw notARequest(e.getOriginalMessage());
    } catch (IOException e) {
      throw notARequest(String.valueOf(e.getMessage()));
    }
  }

  // It is about an answer of before, of which a fetch knows nothing (SDS-22); and it alone may hold
  // what is of any type, upon which the parser gives up if it does not know the type.
  private static ObjectNode withoutErrorDetail(JsonNode body)
      throws InvalidProtocolBufferException {
    if (!(body instanceof ObjectNode request)) {
      throw new InvalidProtocolBufferException("not an object");
    }
    return request.without(List.of("error_detail", "errorDetail"));
  }

  private static StatusException notARequest(String why) {
    var printable = new StringBuilder();
    why.chars()
        .limit(LONGEST_REASON)
        .forEach(c -> printable.append(c >= ' ' && c <= '~' ? (char) c : '?'));
    return Status.INVALID_ARGUMENT
        .withDescription("body: %s (expected: a DiscoveryRequest as JSON)".formatted(printable))
        .asException();
  }

  /** Writes an answer, with private keys in it. */
  static String response(DiscoveryResponse response) throws InvalidProtocolBufferException {
    return PRINTER.print(response);
  }

  /** Writes a refusal, in the form of {@code google.rpc.Status}. */
  static String refusal(HttpStatus status) {
    return JsonObject.of("code", status.code().value(), "message", status.message()).encode();
  }
}
