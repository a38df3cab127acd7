package io.signet.e2e.bench;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceBlockingStub;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Asks for certificates as sidecars do (ISTIO-8, 10). */
final class CertificateClient implements LoadGenerator.Call, AutoCloseable {

  private static final long DEADLINE_SECONDS = 30;
  private static final int FEWEST_ELEMENTS = 2;
  private static final int ONE_IN = 100;
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** An answer that is kept to be verified when nothing is measured any more. */
  record Sample(String csr, List<String> chain) {}

  private final Supplier<ManagedChannel> dial;
  private final ClientInterceptor headers;
  private final List<ManagedChannel> channels;
  private final CsrPool csrs;
  private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();

  private CertificateClient(
      Supplier<ManagedChannel> dial, ClientInterceptor headers, int connections, CsrPool csrs) {
    this.dial = dial;
    this.headers = headers;
    this.channels = Stream.generate(dial).limit(connections).toList();
    this.csrs = csrs;
  }

  /**
   * @param connections that stay open; with none, each call has a new one
   */
  static CertificateClient connect(Target target, CsrPool csrs, int connections)
      throws IOException {
    ChannelCredentials trust =
        TlsChannelCredentials.newBuilder().trustManager(target.caFile().toFile()).build();
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + target.token());
    return new CertificateClient(
        () ->
            Grpc.newChannelBuilderForAddress(
                    target.address().host(), target.address().port(), trust)
                .build(),
        MetadataUtils.newAttachHeadersInterceptor(headers),
        connections,
        csrs);
  }

  @Override
  public void make(long number, long startNanos, Tally tally) {
    if (!channels.isEmpty()) {
      make(open(number), number, startNanos, tally);
      return;
    }
    ManagedChannel own = dial.get();
    try {
      make(own, number, startNanos, tally);
    } finally {
      own.shutdownNow();
    }
  }

  private void make(ManagedChannel channel, long number, long startNanos, Tally tally) {
    String csr = csrs.get(number);
    try {
      IstioCertificateResponse answer =
          stub(channel).createCertificate(IstioCertificateRequest.newBuilder().setCsr(csr).build());
      answered(new Sample(csr, answer.getCertChainList()), number);
      judge(answer, System.nanoTime() - startNanos, tally);
    } catch (StatusRuntimeException e) {
      tally.failed(e.getStatus().getCode().name(), System.nanoTime() - startNanos);
    }
  }

  @Override
  public void begin(long number, long startNanos, Tally tally, Runnable ended) {
    if (channels.isEmpty()) {
      LoadGenerator.Call.super.begin(number, startNanos, tally, ended);
      return;
    }
    String csr = csrs.get(number);
    IstioCertificateServiceBlockingStub stub = stub(open(number));
    ClientCalls.asyncUnaryCall(
        stub.getChannel()
            .newCall(
                IstioCertificateServiceGrpc.getCreateCertificateMethod(),
                stub.getCallOptions().withExecutor(Runnable::run)),
        IstioCertificateRequest.newBuilder().setCsr(csr).build(),
        new Answer(csr, number, startNanos, tally, ended));
  }

  /** Comes on the thread that reads the connection. */
  private final class Answer implements StreamObserver<IstioCertificateResponse> {
    private final String csr;
    private final long number;
    private final long startNanos;
    private final Tally tally;
    private final Runnable ended;

    Answer(String csr, long number, long startNanos, Tally tally, Runnable ended) {
      this.csr = csr;
      this.number = number;
      this.startNanos = startNanos;
      this.tally = tally;
      this.ended = ended;
    }

    @Override
    public void onNext(IstioCertificateResponse answer) {
      answered(new Sample(csr, answer.getCertChainList()), number);
      judge(answer, System.nanoTime() - startNanos, tally);
    }

    @Override
    public void onError(Throwable refusal) {
      tally.failed(Status.fromThrowable(refusal).getCode().name(), System.nanoTime() - startNanos);
      ended.run();
    }

    @Override
    public void onCompleted() {
      ended.run();
    }
  }

  private ManagedChannel open(long number) {
    return channels.get((int) (number % channels.size()));
  }

  private IstioCertificateServiceBlockingStub stub(ManagedChannel channel) {
    return IstioCertificateServiceGrpc.newBlockingStub(channel)
        .withInterceptors(headers)
        .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  private void answered(Sample sample, long number) {
    if (number % ONE_IN == 0) {
      samples.add(sample);
    }
  }

  private static void judge(IstioCertificateResponse answer, long nanos, Tally tally) {
    if (answer.getCertChainCount() < FEWEST_ELEMENTS) {
      tally.failed("chain of " + answer.getCertChainCount());
    } else {
      tally.succeeded(nanos, answer.getSerializedSize());
    }
  }

  List<Sample> samples() {
    return List.copyOf(samples);
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
