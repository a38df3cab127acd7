package io.signet.attestation.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ObjectStoreTest {

  private final ObjectStore store = new ObjectStore();

  @Test
  void find_sameNameInTwoNamespaces_eachItsOwn() {
    KubeObject a = pod("a", "p", "1", "node");
    KubeObject b = pod("b", "p", "2", "node");
    store.put(a);
    store.put(b);

    assertThat(store.find("a", "p")).hasValue(a);
    assertThat(store.find("b", "p")).hasValue(b);
    assertThat(store.find("c", "p")).isEmpty();
    assertThat(store.podsOn("node", "a", "web")).containsExactly(a);
  }

  @Test
  void put_sameNameAgain_replaces() {
    store.put(pod("a", "p", "1", ""));
    assertThat(store.podsOn("", "a", "web")).as("without a node").isEmpty();

    KubeObject scheduled = pod("a", "p", "1", "node");
    store.put(scheduled);
    assertThat(store.podsOn("node", "a", "web")).containsExactly(scheduled);

    KubeObject recreated = pod("a", "p", "2", "other");
    store.put(recreated);
    assertThat(store.find("a", "p")).hasValue(recreated);
    assertThat(store.podsOn("node", "a", "web")).isEmpty();
    assertThat(store.podsOn("other", "a", "web")).containsExactly(recreated);
  }

  @Test
  void podsOn_several_allOfThatAccountOnThatNode() {
    KubeObject p = pod("a", "p", "1", "node");
    KubeObject q = pod("a", "q", "2", "node");
    store.put(p);
    store.put(q);
    store.put(pod("a", "r", "3", "other"));
    store.put(new KubeObject("a", "s", "4", null, "db", "node", "Running"));

    assertThat(store.podsOn("node", "a", "web")).containsExactly(p, q);
    store.remove(p);
    assertThat(store.podsOn("node", "a", "web")).containsExactly(q);
    store.remove(q);
    store.remove(q);
    assertThat(store.podsOn("node", "a", "web")).isEmpty();
    assertThat(store.find("a", "q")).isEmpty();
  }

  private static KubeObject pod(String namespace, String name, String uid, String node) {
    return new KubeObject(namespace, name, uid, null, "web", node, "Running");
  }
}
