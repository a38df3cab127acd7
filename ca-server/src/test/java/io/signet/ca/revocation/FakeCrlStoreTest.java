package io.signet.ca.revocation;

final class FakeCrlStoreTest extends CrlStoreContract {
  private final FakeCrlStore store = new FakeCrlStore();

  @Override
  protected CrlStore store() {
    return store;
  }
}
