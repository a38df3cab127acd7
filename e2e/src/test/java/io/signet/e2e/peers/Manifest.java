package io.signet.e2e.peers;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One object of a YAML manifest and where the API server has it. The object is not parsed, as the
 * API server does that; only the few lines that make its address are read, and they must stand in
 * block style, indented by two, as {@code kubectl} and Helm write them.
 */
record Manifest(String path, String yaml) {
  private static final Pattern SEPARATOR = Pattern.compile("(?m)^---.*$");
  private static final Pattern METADATA =
      Pattern.compile("(?m)^metadata:[ \\t]*(?:#.*)?\\R((?:(?:[ \\t]+.*)?(?:\\R|\\z))+)");

  private static final Map<String, String> CLUSTER_WIDE =
      Map.of(
          "Namespace", "namespaces",
          "ClusterRole", "clusterroles",
          "ClusterRoleBinding", "clusterrolebindings");
  private static final Map<String, String> NAMESPACED =
      Map.of(
          "ServiceAccount", "serviceaccounts",
          "ConfigMap", "configmaps",
          "PersistentVolumeClaim", "persistentvolumeclaims",
          "NetworkPolicy", "networkpolicies",
          "Service", "services",
          "Deployment", "deployments",
          "Role", "roles",
          "RoleBinding", "rolebindings");

  /**
   * The objects of a manifest, in its order.
   *
   * @throws IllegalArgumentException for an object without name, or of a kind that is not known
   *     here
   */
  static List<Manifest> parse(String yaml) {
    return Stream.of(SEPARATOR.split(yaml))
        .filter(document -> field("", "kind", document) != null)
        .map(document -> new Manifest(pathOf(document), document))
        .toList();
  }

  private static String pathOf(String document) {
    String metadata = metadata(document);
    String kind = required("", "kind", document);
    String name = required("  ", "name", metadata);
    if (CLUSTER_WIDE.containsKey(kind)) {
      return api(document) + "/" + CLUSTER_WIDE.get(kind) + "/" + name;
    }
    if (!NAMESPACED.containsKey(kind)) throw new IllegalArgumentException("kind: " + kind);
    String given = field("  ", "namespace", metadata);
    String namespace = given == null ? "default" : given;
    return api(document) + "/namespaces/" + namespace + "/" + NAMESPACED.get(kind) + "/" + name;
  }

  private static String api(String document) {
    String version = required("", "apiVersion", document);
    return version.contains("/") ? "/apis/" + version : "/api/" + version;
  }

  private static String metadata(String document) {
    Matcher found = METADATA.matcher(document);
    if (!found.find()) throw new IllegalArgumentException("no metadata in:" + document);
    return found.group(1);
  }

  private static String required(String indent, String field, String text) {
    String value = field(indent, field, text);
    if (value == null) throw new IllegalArgumentException("no " + field + " in:" + text);
    return value;
  }

  private static @Nullable String field(String indent, String field, String text) {
    var line = Pattern.compile("(?m)^" + indent + field + ":[ \\t]*[\"']?([^\\s\"']+)");
    Matcher found = line.matcher(text);
    return found.find() ? found.group(1) : null;
  }
}
