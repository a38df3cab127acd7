package io.signet.e2e.bench;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;

/**
 * By which of the two protocols a proxy subscribes. The responses of both have version, resources
 * and nonce under the same numbers, so that {@link SdsPush} reads either.
 */
enum SdsApi {
  /** The state of the world. */
  SOTW("StreamSecrets") {
    @Override
    byte[] first(Node node) {
      return DiscoveryRequest.newBuilder().setNode(node).build().toByteArray();
    }

    @Override
    byte[] asking(String name) {
      return DiscoveryRequest.newBuilder()
          .setTypeUrl(TYPE_URL)
          .addResourceNames(name)
          .build()
          .toByteArray();
    }

    @Override
    byte[] again(String name) {
      return asking(name);
    }

    @Override
    byte[] accepted(SdsPush push) {
      return DiscoveryRequest.newBuilder()
          .setVersionInfo(push.version())
          .setResponseNonce(push.nonce())
          .build()
          .toByteArray();
    }

    @Override
    Secret secret(byte[] message) throws InvalidProtocolBufferException {
      return DiscoveryResponse.parseFrom(message).getResources(0).unpack(Secret.class);
    }
  },

  /** What has changed. */
  DELTA("DeltaSecrets") {
    @Override
    byte[] first(Node node) {
      return DeltaDiscoveryRequest.newBuilder().setNode(node).build().toByteArray();
    }

    @Override
    byte[] asking(String name) {
      return DeltaDiscoveryRequest.newBuilder()
          .setTypeUrl(TYPE_URL)
          .addResourceNamesSubscribe(name)
          .build()
          .toByteArray();
    }

    @Override
    byte[] again(String name) {
      return DeltaDiscoveryRequest.newBuilder().setTypeUrl(TYPE_URL).build().toByteArray();
    }

    @Override
    byte[] accepted(SdsPush push) {
      return DeltaDiscoveryRequest.newBuilder()
          .setResponseNonce(push.nonce())
          .build()
          .toByteArray();
    }

    @Override
    Secret secret(byte[] message) throws InvalidProtocolBufferException {
      return DeltaDiscoveryResponse.parseFrom(message)
          .getResources(0)
          .getResource()
          .unpack(Secret.class);
    }
  };

  private static final String TYPE_URL =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  private final String method;

  SdsApi(String method) {
    this.method = method;
  }

  String path() {
    return "/envoy.service.secret.v3.SecretDiscoveryService/" + method;
  }

  /** The part of the first request that says who asks. */
  abstract byte[] first(Node node);

  /** The part of the first request that says what for. */
  abstract byte[] asking(String name);

  /** What each later request says of that. */
  abstract byte[] again(String name);

  /** The part of a request that accepts a push. */
  abstract byte[] accepted(SdsPush push);

  /** The first secret of a push. */
  abstract Secret secret(byte[] message) throws InvalidProtocolBufferException;
}
