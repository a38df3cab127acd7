package io.signet.sds.envoy;

import com.google.protobuf.Any;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.signet.sds.Request;
import io.signet.sds.Response;
import io.signet.sds.SubscriptionState;
import java.util.Map;
import java.util.Optional;

/**
 * One of the two ways to subscribe, as messages.
 *
 * @param <Q> requests
 * @param <R> responses
 */
sealed interface Dialect<Q, R> {

  /** A stream on which nothing was said yet. */
  SubscriptionState initial(String stream);

  String typeUrl(Q request);

  Node node(Q request);

  Request read(Q request);

  /**
   * A response as it is sent.
   *
   * @param secrets those of the response, by name, encoded
   */
  R write(Response response, Map<String, Any> secrets);

  private static Optional<String> error(boolean isNack, Status detail) {
    return isNack ? Optional.of(detail.getMessage()) : Optional.empty();
  }

  /** {@code StreamSecrets}. */
  record StateOfTheWorld() implements Dialect<DiscoveryRequest, DiscoveryResponse> {
    @Override
    public SubscriptionState initial(String stream) {
      return SubscriptionState.stateOfTheWorld(stream);
    }

    @Override
    public String typeUrl(DiscoveryRequest request) {
      return request.getTypeUrl();
    }

    @Override
    public Node node(DiscoveryRequest request) {
      return request.getNode();
    }

    @Override
    public Request read(DiscoveryRequest request) {
      return new Request.Whole(
          request.getResourceNamesList(),
          request.getResponseNonce(),
          Dialect.error(request.hasErrorDetail(), request.getErrorDetail()));
    }

    @Override
    public DiscoveryResponse write(Response response, Map<String, Any> secrets) {
      return DiscoveryResponse.newBuilder()
          .setTypeUrl(SecretEncoder.TYPE_URL)
          .setVersionInfo(response.version())
          .setNonce(response.nonce())
          .addAllResources(secrets.values())
          .build();
    }
  }

  /** {@code DeltaSecrets}. */
  record Delta() implements Dialect<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
    @Override
    public SubscriptionState initial(String stream) {
      return SubscriptionState.delta(stream);
    }

    @Override
    public String typeUrl(DeltaDiscoveryRequest request) {
      return request.getTypeUrl();
    }

    @Override
    public Node node(DeltaDiscoveryRequest request) {
      return request.getNode();
    }

    @Override
    public Request read(DeltaDiscoveryRequest request) {
      return new Request.Delta(
          request.getResourceNamesSubscribeList(),
          request.getResourceNamesUnsubscribeList(),
          request.getInitialResourceVersionsMap(),
          request.getResponseNonce(),
          Dialect.error(request.hasErrorDetail(), request.getErrorDetail()));
    }

    @Override
    public DeltaDiscoveryResponse write(Response response, Map<String, Any> secrets) {
      Map<String, String> versions = response.versions();
      var message =
          DeltaDiscoveryResponse.newBuilder()
              .setTypeUrl(SecretEncoder.TYPE_URL)
              .setSystemVersionInfo(response.version())
              .setNonce(response.nonce())
              .addAllRemovedResources(response.removed());
      // No ttl: its end would look like a removal, which Envoy ignores (SDS-21).
      secrets.forEach((name, secret) ->
          message.addResources(
              Resource.newBuilder()
                  .setName(name)
                  .setVersion(versions.getOrDefault(name, ""))
                  .setResource(secret)));
      return message.build();
    }
  }
}
