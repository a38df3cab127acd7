package io.signet.ca.app;

import io.signet.ca.authority.AuthorityException;
import io.signet.ca.authority.CaChain;
import io.signet.ca.authority.CaImport;
import io.signet.ca.ceremony.Ceremony;
import io.signet.ca.ceremony.CeremonyException;
import io.signet.ca.ceremony.Transcript;
import io.signet.ca.cli.CaOffice;
import io.signet.ca.cli.CommandException;
import io.signet.ca.cli.Custody;
import io.signet.ca.cli.LocalFiles;
import io.signet.ca.config.CeremonyConfig;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.ledger.LedgerException;
import io.signet.ca.signing.SelfCheckException;
import io.signet.ca.store.Database;
import io.signet.ca.store.SqlAuthorityStore;
import io.signet.ca.store.StoreAwayException;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyCustodian;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.function.Predicate;

/** Opens store and custodian for one command of an administrator. */
final class Office implements CaOffice {

  private static final String REQUEST = "CERTIFICATE REQUEST";

  private final Custody custody;
  private final Clock clock;

  Office(Custody custody, Clock clock) {
    this.custody = custody;
    this.clock = clock;
  }

  @Override
  public String request(SignetConfig config) throws CommandException, IOException {
    return withCa(config, (ca, _) -> Pem.encode(REQUEST, ca.request()));
  }

  @Override
  public Imported accept(
      SignetConfig config, List<X509Certificate> given, List<X509Certificate> roots)
      throws CommandException, IOException {
    return withCa(config, (ca, _) -> imported(ca.accept(given, roots)));
  }

  @Override
  public Imported takeOver(SignetConfig config, Path istio) throws CommandException, IOException {
    IstioCa ca = IstioCa.read(istio);
    return withCa(
        config,
        (importing, custodian) ->
            imported(
                importing.takeOver(
                    ca.key().getPublic(),
                    ca.certificates(),
                    ca.roots(),
                    label -> custodian.importKey(label, ca.key()))));
  }

  private static Imported imported(CaChain chain) {
    return new Imported(chain.withRoot(), chain.roots());
  }

  private interface CaWork<T> {
    T with(CaImport ca, KeyCustodian custodian)
        throws AuthorityException, CustodyException, LedgerException;
  }

  private <T> T withCa(SignetConfig config, CaWork<T> work) throws CommandException, IOException {
    try (Database database = Stores.open(config, Office::giveUp);
        KeyCustodian custodian = custody.open(config.keys().custodian())) {
      CaImport ca =
          new CaImport(
              new SqlAuthorityStore(database), custodian, IssuingCore.policy(config), clock);
      return work.with(ca, custodian);
    } catch (AuthorityException | CustodyException | LedgerException e) {
      throw new CommandException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void giveUp(StoreAwayException why) throws StoreAwayException {
    throw why;
  }

  @Override
  public X509Certificate makeRoot(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException, IOException {
    return held(
        config,
        agreed,
        config.rootFile(),
        ceremony -> ceremony.makeRoot(config.keys().algorithm(), config.rootLifetime()));
  }

  @Override
  public X509Certificate sign(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException, IOException {
    X509Certificate root = LocalFiles.certificates(config.rootFile()).getFirst();
    byte[] request = Files.readAllBytes(config.requestFile());
    return held(
        config,
        agreed,
        config.certificateFile(),
        ceremony -> ceremony.sign(root, request, config.below(), config.lifetime()));
  }

  // Before anything is done that cannot be undone.
  private static void requireFree(Path result) throws IOException {
    if (Files.exists(result)) {
      throw new FileAlreadyExistsException(result.toString());
    }
    Path folder = result.toAbsolutePath().resolveSibling("");
    if (!Files.isWritable(folder)) {
      throw new IOException(
          folder + ": not a folder to write to (expected: one for " + result + ")");
    }
  }

  private interface Act {
    X509Certificate of(Ceremony ceremony)
        throws CeremonyException, CustodyException, LedgerException, SelfCheckException;
  }

  private X509Certificate held(
      CeremonyConfig config, Predicate<String> agreed, Path result, Act act)
      throws CommandException, IOException {
    requireFree(result);
    try (KeyCustodian custodian = custody.open(config.keys().custodian());
        Transcript transcript = Transcript.begin(config.transcriptFile(), clock)) {
      X509Certificate certificate =
          act.of(new Ceremony(config.trustDomain(), custodian, transcript, agreed::test, clock));
      LocalFiles.write(result, Pem.encode(List.of(certificate)));
      return certificate;
    } catch (CeremonyException | CustodyException | LedgerException | SelfCheckException e) {
      throw new CommandException(String.valueOf(e.getMessage()), e);
    }
  }
}
