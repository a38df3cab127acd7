package io.signet.ca.grpc;

import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/** Answers as it is told to, and keeps what it was asked. */
final class FakeIssuance implements Issuance, CsrEvents {
  final BlockingQueue<IssuanceRequest> asked = new LinkedBlockingQueue<>();
  final BlockingQueue<Early> refusedEarly = new LinkedBlockingQueue<>();
  final BlockingQueue<Duration> abandoned = new LinkedBlockingQueue<>();
  final BlockingQueue<Issued> unreceived = new LinkedBlockingQueue<>();
  volatile Function<IssuanceRequest, IssuanceOutcome> answer;

  /** A refusal before it was asked. */
  record Early(Call call, Refused refused) {}

  FakeIssuance(IssuanceOutcome outcome) {
    answer = _ -> outcome;
  }

  @Override
  public IssuanceOutcome issue(IssuanceRequest request) {
    asked.add(request);
    return answer.apply(request);
  }

  @Override
  public void refused(Call call, List<Evidence> shown, Refused refused) {
    refusedEarly.add(new Early(call, refused));
  }

  @Override
  public void abandoned(Call call, List<Evidence> shown, Duration limit) {
    abandoned.add(limit);
  }
}
