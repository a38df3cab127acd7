package io.signet.attestation.kubernetes;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Objects by name, and pods by where they are. One thread writes, any number read. */
final class ObjectStore {

  private final Map<Name, KubeObject> byName = new ConcurrentHashMap<>();
  private final Map<Place, List<KubeObject>> byPlace = new ConcurrentHashMap<>();

  private record Name(String namespace, String name) {
    static Name of(KubeObject object) {
      return new Name(object.namespace(), object.name());
    }
  }

  private record Place(String node, String namespace, String serviceAccount) {
    static Place of(KubeObject pod) {
      return new Place(pod.node(), pod.namespace(), pod.serviceAccount());
    }
  }

  void put(KubeObject object) {
    KubeObject old = byName.put(Name.of(object), object);
    if (old != null) {
      leave(old);
    }
    if (!object.node().isEmpty()) {
      byPlace.merge(Place.of(object), List.of(object), ObjectStore::joined);
    }
  }

  private static List<KubeObject> joined(List<KubeObject> some, List<KubeObject> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  void remove(KubeObject object) {
    KubeObject old = byName.remove(Name.of(object));
    if (old != null) {
      leave(old);
    }
  }

  private void leave(KubeObject old) {
    byPlace.computeIfPresent(Place.of(old), (_, pods) -> without(old, pods));
  }

  /** Null for none, which makes the map forget the place. */
  private static @Nullable List<KubeObject> without(KubeObject old, List<KubeObject> pods) {
    List<KubeObject> rest = pods.stream().filter(pod -> !pod.name().equals(old.name())).toList();
    return rest.isEmpty() ? null : rest;
  }

  Optional<KubeObject> find(String namespace, String name) {
    return Optional.ofNullable(byName.get(new Name(namespace, name)));
  }

  List<KubeObject> podsOn(String node, String namespace, String serviceAccount) {
    return byPlace.getOrDefault(new Place(node, namespace, serviceAccount), List.of());
  }
}
