package io.signet.ca.config;

import io.signet.ca.config.YamlNode.Mapping;
import io.signet.ca.config.YamlNode.Scalar;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** A Kubernetes secret as {@code kubectl get secret} prints it, YAML or JSON. */
public final class IstioSecret {

  private IstioSecret() {}

  /**
   * What is in it, by name.
   *
   * @throws IllegalArgumentException when the text is no secret; nothing of it is quoted
   */
  public static Map<String, byte[]> data(String text) {
    Problems problems = new Problems();
    Mapping secret = YamlReader.read(text, problems);
    if (!(secret.fields().get("data") instanceof Mapping data)) {
      throw new IllegalArgumentException("no mapping data (expected: a secret, YAML or JSON)");
    }
    Map<String, byte[]> entries = new LinkedHashMap<>();
    data.fields().forEach((name, value) -> entries.put(name, decoded(name, value)));
    return entries;
  }

  private static byte[] decoded(String name, YamlNode value) {
    try {
      return Base64.getDecoder().decode(((Scalar) value).text());
    } catch (ClassCastException | IllegalArgumentException e) {
      throw new IllegalArgumentException("data." + name + ": not base64 (expected: base64)");
    }
  }
}
