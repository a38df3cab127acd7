/**
 * The ledger and the authorities in SQL, embedded or on PostgreSQL.
 *
 * <p>The tables are made by the migrations in the resource folder {@code migration}, which hold for
 * both. Their rules:
 *
 * <ul>
 *   <li>Forward only: a migration that was released is never changed, another one follows it.
 *   <li>Additive only: replicas of the version before run beside the new ones during an update, on
 *       the same tables. A new column has a default or may be null, and nothing that was there goes
 *       away or means something else; what no version needs any more goes one version later.
 *   <li>No new column of a large table has a default that differs from row to row, such as an
 *       identity: PostgreSQL would write the whole table anew, under a lock. (V3 gave the ledger
 *       one before anything was released; a ledger from before it takes that once.)
 *   <li>Each can be applied again ({@code if not exists}): the embedded database commits each
 *       statement by itself, so that a crash may come between two.
 * </ul>
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.store;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
