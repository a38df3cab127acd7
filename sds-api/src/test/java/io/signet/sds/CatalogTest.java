package io.signet.sds;

import static io.signet.sds.BundleForm.SPIFFE_VALIDATOR;
import static io.signet.sds.BundleForm.TRUSTED_CA;
import static io.signet.sds.BundleForm.TRUSTED_CA_ONLY;
import static io.signet.sds.Secrets.CART;
import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.PARTNER;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.svid;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.sds.Secret.ValidationContext;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which secret a name stands for: section 4 of the contract, SC-15. */
class CatalogTest {
  private static final SpiffeId THEIRS = SpiffeId.of(PARTNER, "pay");
  private static final TrustDomain THIRD = new TrustDomain("aaa.example");

  private final Snapshot snapshot =
      new Snapshot(
          List.of(svid(WEB, 1), svid(CART, 2)),
          Trust.of(
              anchors(EXAMPLE, 1),
              List.of(anchors(PARTNER, 2), anchors(THIRD, 3)),
              Map.of(
                  "cart.shop",
                  Set.of(CART),
                  "pay.partner",
                  Set.of(THEIRS),
                  "both",
                  Set.of(CART, THEIRS),
                  "lost",
                  Set.of(SpiffeId.of(new TrustDomain("gone.example"), "x")))));

  @Test // NAME-1, NAME-4
  void svids_byAliasAndId_areFound() {
    Catalog catalog = in(TRUSTED_CA);

    assertThat(catalog.secret("default")).contains(snapshot.svids().getFirst());
    assertThat(catalog.secret(WEB.toString())).contains(snapshot.svids().getFirst());
    assertThat(catalog.secret(CART.toString())).contains(snapshot.svids().getLast());
  }

  @Test // NAME-2
  void ownBundle_inEachForm_isOfTheOwnDomain() {
    for (BundleForm form : BundleForm.values()) {
      ValidationContext own = context(in(form), "ROOTCA");

      assertThat(own.isolated()).isEqualTo(form == SPIFFE_VALIDATOR);
      assertThat(domains(own)).containsExactly(EXAMPLE);
      assertThat(context(in(form), "spiffe://example.org").version()).isEqualTo(own.version());
    }
  }

  @Test // NAME-3
  void allBundles_areSortedInOneValidator() {
    for (BundleForm form : List.of(TRUSTED_CA, SPIFFE_VALIDATOR)) {
      ValidationContext all = context(in(form), "ALL");

      assertThat(all.isolated()).isTrue();
      assertThat(domains(all)).containsExactly(THIRD, EXAMPLE, PARTNER);
    }
  }

  @Test // NAME-7: trusted_ca would let each domain vouch for the others
  void allBundles_withoutValidator_areNotThere() {
    assertThat(in(TRUSTED_CA_ONLY).secret("ALL")).isEmpty();
  }

  @Test // NAME-4: a federated bundle
  void bundle_ofAFederatedDomain_isOfItAlone() {
    assertThat(domains(context(in(TRUSTED_CA), PARTNER.id().toString()))).containsExactly(PARTNER);
    assertThat(in(TRUSTED_CA).secret("spiffe://unknown.example")).isEmpty();
  }

  @Test // NAME-7: Istio's federation needs it
  void ownBundle_namedAsAll_meansAll() {
    var catalog = new Catalog(snapshot, new Naming("default", "ROOTCA", "ROOTCA", TRUSTED_CA));

    assertThat(domains(context(catalog, "ROOTCA"))).hasSize(3);
    assertThat(catalog.secret("ALL")).isEmpty();
  }

  @Test // NAME-7
  void aliases_ofTheListener_replaceTheStandardOnes() {
    var catalog = new Catalog(snapshot, new Naming("me", "us", "everybody", TRUSTED_CA));

    assertThat(catalog.secret("me")).isPresent();
    assertThat(catalog.secret("us")).isPresent();
    assertThat(catalog.secret("everybody")).isPresent();
    assertThat(catalog.secret("default")).isEmpty();
    assertThat(catalog.secret("ROOTCA")).isEmpty();
  }

  @Test // secure naming
  void server_configuredHost_isItsIdentitiesByTheirOwnAuthorities() {
    ValidationContext cart = context(in(TRUSTED_CA), "naming://cart.shop");
    assertThat(cart.peers()).containsExactly(CART);
    assertThat(cart.isolated()).isFalse();
    assertThat(domains(cart)).containsExactly(EXAMPLE);

    assertThat(domains(context(in(TRUSTED_CA), "naming://pay.partner"))).containsExactly(PARTNER);
  }

  @Test // else one domain could vouch for the identities of the other
  void server_ofTwoDomains_isIsolatedOrNotThere() {
    ValidationContext both = context(in(TRUSTED_CA), "naming://both");
    assertThat(both.isolated()).isTrue();
    assertThat(both.peers()).containsExactly(CART, THEIRS);

    assertThat(in(TRUSTED_CA_ONLY).secret("naming://both")).isEmpty();
  }

  @Test // without a context at all a proxy takes anybody
  void server_unknownHostOrUnknownDomain_isNotThere() {
    assertThat(in(TRUSTED_CA).secret("naming://other.shop")).isEmpty();
    assertThat(in(TRUSTED_CA).secret("naming://lost")).isEmpty();
    assertThat(in(TRUSTED_CA).secret("naming://")).isEmpty();
  }

  @Test // SDS-7
  void trust_withoutAuthorities_hasNoSecret() {
    var catalog = new Catalog(new Snapshot(List.of(), Trust.of(anchors(EXAMPLE))), Naming.STANDARD);

    assertThat(catalog.secret("ROOTCA")).isEmpty();
    assertThat(catalog.secret("ALL")).isEmpty();
  }

  @Test // SDS-4: made once for everybody
  void secret_ofTrust_isTheSameObjectEachTime() {
    assertThat(context(in(TRUSTED_CA), "ALL")).isSameAs(context(in(TRUSTED_CA), "ALL"));
  }

  @Test // SDS-22
  void select_someOrAll_leavesOutWhatIsNotThere() {
    assertThat(in(TRUSTED_CA).select(List.of("default", "nobody"))).containsOnlyKeys("default");
    assertThat(in(TRUSTED_CA).select(List.of()))
        .containsOnlyKeys(
            WEB.toString(),
            CART.toString(),
            "spiffe://example.org",
            "spiffe://aaa.example",
            "spiffe://partner.example");
  }

  @Test // SDS-7
  void awaitsAny_onlyWhatMayStillCome() {
    var awaiting =
        new Catalog(
            new Snapshot(List.of(), Set.of(WEB), snapshot.trust(), Optional.empty()),
            Naming.STANDARD);

    assertThat(awaiting.awaitsAny(List.of("default"))).isTrue();
    assertThat(awaiting.awaitsAny(List.of(WEB.toString()))).isTrue();
    assertThat(awaiting.awaitsAny(List.of())).isTrue();
    assertThat(awaiting.awaitsAny(List.of("ROOTCA", "nobody"))).isFalse();
    assertThat(in(TRUSTED_CA).awaitsAny(List.of("default"))).isFalse();
  }

  private Catalog in(BundleForm form) {
    return new Catalog(snapshot, Naming.STANDARD.in(form));
  }

  private static ValidationContext context(Catalog catalog, String name) {
    return (ValidationContext) catalog.secret(name).orElseThrow();
  }

  private static List<TrustDomain> domains(ValidationContext context) {
    return context.anchors().stream().map(anchors -> anchors.bundle().trustDomain()).toList();
  }
}
