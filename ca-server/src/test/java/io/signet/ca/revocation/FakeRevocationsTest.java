package io.signet.ca.revocation;

final class FakeRevocationsTest extends RevocationsContract {
  private final FakeRevocations revocations = new FakeRevocations();

  @Override
  protected Revocations revocations() {
    return revocations;
  }
}
