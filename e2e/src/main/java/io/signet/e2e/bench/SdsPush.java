package io.signet.e2e.bench;

import com.google.protobuf.CodedInputStream;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What a proxy needs of a response to acknowledge it.
 *
 * @param resources how many secrets came
 */
record SdsPush(String version, String nonce, int resources) {

  /**
   * Reads no more of the message than that: the proxies run beside the server that is measured.
   *
   * @throws IOException if it is no message
   */
  static SdsPush of(ByteBuffer message) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(message);
    String version = "";
    String nonce = "";
    int resources = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case DiscoveryResponse.VERSION_INFO_FIELD_NUMBER -> version = in.readString();
        case DiscoveryResponse.NONCE_FIELD_NUMBER -> nonce = in.readString();
        case DiscoveryResponse.RESOURCES_FIELD_NUMBER -> {
          resources++;
          in.skipRawBytes(in.readRawVarint32());
        }
        default -> {
          boolean _ = in.skipField(tag);
        }
      }
    }
    return new SdsPush(version, nonce, resources);
  }
}
