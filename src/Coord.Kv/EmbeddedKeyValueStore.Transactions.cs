using Coord.Kv.Commands;
using Coord.Raft;

namespace Coord.Kv;

/// <content>Transactions.</content>
public sealed partial class EmbeddedKeyValueStore
{
    /// <inheritdoc/>
    public ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default) =>
        CommitAsync(transaction, default, cancellationToken);

    internal async ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, SessionTicket ticket, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        TransactionChecker.Check(transaction, _options);
        (long revision, CommandResult result) = await RunAsync(
            (transaction, _policy),
            static (bytes, given) => CommandCodec.Write(bytes, given.transaction, given._policy),
            ticket,
            cancellationToken).ConfigureAwait(false);
        return new(new(revision), result.Number == 1, ResultCodec.ReadOperations(result.Body));
    }
}
