package io.signet.e2e.bench;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.ServerTransportFilter;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import io.signet.ca.config.Address;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SpiffeId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** Signs whatever it is asked to, for one identity, straight from its root. */
final class FakeIstioCa extends IstioCertificateServiceImplBase implements AutoCloseable {

  private static final X500Name ROOT = new X500Name("CN=root");

  private final SpiffeId identity;
  private final KeyPair key = keyPair();
  private final X509Certificate root;
  private final AtomicLong serial = new AtomicLong();
  private final AtomicInteger connections = new AtomicInteger();
  private final Server server;
  private volatile int elements = 2;

  private FakeIstioCa(SpiffeId identity) throws IOException {
    this.identity = identity;
    this.root =
        sign(ROOT, spki(key), Extension.basicConstraints, new BasicConstraints(true).getEncoded());
    KeyPair serving = keyPair();
    GeneralNames loopback = new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
    X509Certificate certificate =
        sign(
            new X500Name("CN=server"),
            spki(serving),
            Extension.subjectAlternativeName,
            loopback.getEncoded());
    this.server =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.create(
                    stream(Pem.encode(List.of(certificate))),
                    stream(Pem.encode("PRIVATE KEY", serving.getPrivate().getEncoded()))))
            .addService(this)
            .addTransportFilter(counting())
            .build();
  }

  static FakeIstioCa start(SpiffeId identity) throws IOException {
    FakeIstioCa ca = new FakeIstioCa(identity);
    Server _ = ca.server.start();
    return ca;
  }

  /** As a server that somebody else has started. */
  Target target(Path folder) throws IOException {
    Path caFile = Files.writeString(folder.resolve("ca.pem"), Pem.encode(List.of(root)));
    Path token = Files.writeString(folder.resolve("token"), "anything\n");
    Address address = new Address("127.0.0.1", server.getPort());
    return Target.remote(
        address, caFile, token, identity, OptionalLong.of(ProcessHandle.current().pid()));
  }

  private ServerTransportFilter counting() {
    return new ServerTransportFilter() {
      @Override
      public Attributes transportReady(Attributes transport) {
        connections.incrementAndGet();
        return transport;
      }
    };
  }

  /** How many connections there were so far. */
  int connections() {
    return connections.get();
  }

  /** From now on answers with chains of this many elements. */
  void answerElements(int count) {
    elements = count;
  }

  @Override
  public void createCertificate(
      IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> answer) {
    try {
      List<String> chain = List.of(leaf(request.getCsr()), Pem.encode(List.of(root)));
      answer.onNext(
          IstioCertificateResponse.newBuilder()
              .addAllCertChain(chain.subList(0, elements))
              .build());
      answer.onCompleted();
    } catch (IOException e) {
      answer.onError(e);
    }
  }

  private String leaf(String csr) throws IOException {
    SubjectPublicKeyInfo subject =
        new PKCS10CertificationRequest(Pem.decode("CERTIFICATE REQUEST", csr))
            .getSubjectPublicKeyInfo();
    GeneralNames uri =
        new GeneralNames(
            new GeneralName(GeneralName.uniformResourceIdentifier, identity.toString()));
    return Pem.encode(
        List.of(
            sign(new X500Name(""), subject, Extension.subjectAlternativeName, uri.getEncoded())));
  }

  private X509Certificate sign(
      X500Name subject,
      SubjectPublicKeyInfo subjectKey,
      org.bouncycastle.asn1.ASN1ObjectIdentifier extension,
      byte[] value) {
    Instant now = Instant.now();
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              new X509v3CertificateBuilder(
                      ROOT,
                      BigInteger.valueOf(serial.incrementAndGet()),
                      Date.from(now.minus(1, ChronoUnit.HOURS)),
                      Date.from(now.plus(1, ChronoUnit.HOURS)),
                      subject,
                      subjectKey)
                  .addExtension(extension, true, value)
                  .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair keyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SubjectPublicKeyInfo spki(KeyPair pair) {
    return SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded());
  }

  private static ByteArrayInputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() {
    Server _ = server.shutdownNow();
  }
}
