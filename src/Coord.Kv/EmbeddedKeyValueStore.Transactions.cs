using Coord.Kv.Commands;

namespace Coord.Kv;

/// <content>Transactions.</content>
public sealed partial class EmbeddedKeyValueStore
{
    /// <inheritdoc/>
    public async ValueTask<TransactionResult> CommitAsync(
        Transaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        TransactionChecker.Check(transaction, _options);
        (long revision, CommandResult result) = await RunAsync(
            (transaction, _policy),
            static (bytes, given) => CommandCodec.Write(bytes, given.transaction, given._policy),
            cancellationToken).ConfigureAwait(false);
        return new(new(revision), result.Number == 1, ResultCodec.ReadOperations(result.Body));
    }
}
