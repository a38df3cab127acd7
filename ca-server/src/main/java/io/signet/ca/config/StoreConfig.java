package io.signet.ca.config;

import java.util.Optional;

/**
 * The PostgreSQL that several servers share.
 *
 * @param url of the driver, without a secret
 * @param user whose tables they are
 * @param password read again for each new connection; absent where the server asks for none
 */
public record StoreConfig(String url, String user, Optional<SecretPlace> password) {}
