package io.signet.ca.cli;

import io.signet.ca.config.CeremonyConfig;
import io.signet.ca.config.SignetConfig;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Does nothing but remember what it was asked for; what it is given is what is then in force. */
final class FakeCaOffice implements CaOffice {

  final List<String> asked = new ArrayList<>();
  private final List<X509Certificate> known;

  FakeCaOffice(X509Certificate... known) {
    this.known = List.of(known);
  }

  @Override
  public String request(SignetConfig config) {
    asked.add("request for " + config.trustDomain());
    return "the request\n";
  }

  @Override
  public Imported accept(
      SignetConfig config, List<X509Certificate> given, List<X509Certificate> roots) {
    asked.add("accept for " + config.trustDomain());
    return new Imported(given, roots);
  }

  @Override
  public Imported takeOver(SignetConfig config, Path istio) {
    asked.add("take over " + istio);
    return new Imported(known, known);
  }

  @Override
  public X509Certificate makeRoot(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException {
    return done("a root of " + config.keys().algorithm(), agreed);
  }

  @Override
  public X509Certificate sign(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException {
    return done("sign " + config.requestFile(), agreed);
  }

  private X509Certificate done(String what, Predicate<String> agreed) throws CommandException {
    if (!agreed.test(what)) {
      throw new CommandException("not agreed to");
    }
    asked.add(what);
    return known.getFirst();
  }
}
