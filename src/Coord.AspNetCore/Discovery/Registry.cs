using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Coord.Kv;

namespace Coord.AspNetCore.Discovery;

/// <summary>The tokens in the store. All state is there, so any number of these are one service.</summary>
/// <remarks>
/// <code>
/// /_etcd/registry/TOKEN/_config/size     how many places there are
/// /_etcd/registry/TOKEN/_config/sealed   all were taken, and a member has left since
/// /_etcd/registry/TOKEN/_config/known    that there was such a token; a week longer than all else
/// /_etcd/registry/TOKEN/members/ID       one for each member, name=url
/// </code>
/// These are the keys of etcd's v3 discovery. All are attached to the lease of the token and go with it, but for what
/// tells an expired token from one that never was, and for members that etcd's v3 discovery has put there: it knows no
/// lease. They count as all others do while there is the token, and are deleted when somebody asks for it later. A
/// token is open until all places are taken, then sealed for good, then gone: who leaves a sealed token makes no room,
/// or two clusters could come of it. Members above the places are taken nevertheless, as many again, because etcd's
/// members learn from their own place in the order that they come too late.
/// </remarks>
internal sealed class Registry(IKeyValueStore store, DiscoveryServiceOptions options)
{
    private const string Root = "/_etcd/registry/";
    private const string KnownPath = "_config/known";
    private const int SpareMembers = 16;
    private const int MaxAttempts = 64;
    private static readonly TimeSpan KnownAfterwards = TimeSpan.FromDays(7);

    /// <summary>What became of a request to change something.</summary>
    public enum Outcome
    {
        /// <summary>It was done.</summary>
        Done,

        /// <summary>There is no such token.</summary>
        UnknownToken,

        /// <summary>There was such a token, and it has expired.</summary>
        ExpiredToken,

        /// <summary>There is no such member.</summary>
        UnknownMember,

        /// <summary>There is such a member already.</summary>
        Exists,

        /// <summary>The token takes no more members.</summary>
        Full,
    }

    public static string MemberPrefix(string token) => $"{Root}{token}/members/";

    /// <summary>The name of a token or of a part of it, as clients are told it.</summary>
    public static string NameOf(string token, string part = "") =>
        part.Length == 0 ? Root + token : $"{Root}{token}/{part}";

    /// <summary>Creates a token.</summary>
    public async ValueTask<string> CreateAsync(int size, CancellationToken cancellationToken)
    {
        string token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenPath.TokenDigits / 2));
        LeaseGrant lease = await store.GrantLeaseAsync(options.TimeToLive, default, cancellationToken)
            .ConfigureAwait(false);
        LeaseGrant known = await store.GrantLeaseAsync(options.TimeToLive + KnownAfterwards, default, cancellationToken)
            .ConfigureAwait(false);
        await store.PutAsync(
            Utf8(NameOf(token, KnownPath)), Utf8("1"), new PutOptions { Lease = known.Id }, cancellationToken)
            .ConfigureAwait(false);
        await store.PutAsync(
            Utf8(SizeKey(token)), Utf8(size.ToString(CultureInfo.InvariantCulture)),
            new PutOptions { Lease = lease.Id }, cancellationToken).ConfigureAwait(false);
        return token;
    }

    /// <summary>Reads a token and its members at one revision.</summary>
    public async ValueTask<RegistryView> ReadAsync(string token, CancellationToken cancellationToken)
    {
        GetResult all = await store.GetPrefixAsync(NameOf(token) + "/", null, cancellationToken)
            .ConfigureAwait(false);
        string prefix = MemberPrefix(token);
        KeyValue[] members =
        [
            .. all.KeyValues.Where(pair => pair.KeyString.StartsWith(prefix, StringComparison.Ordinal))
                .OrderBy(pair => pair.CreateRevision),
        ];
        RegistryView view = new(
            all.Revision, all.KeyValues.FirstOrDefault(pair => pair.KeyString == SizeKey(token)),
            all.KeyValues.Any(pair => pair.KeyString == SealKey(token)), members)
        {
            IsExpired = all.KeyValues.Any(pair => pair.KeyString == NameOf(token, KnownPath)),
        };
        if (view is { Size: null, IsExpired: true, Members.Count: > 0 })
            await store.DeletePrefixAsync(prefix, cancellationToken).ConfigureAwait(false);
        return view;
    }

    /// <summary>Registers a member; at the revision that is returned its key was created.</summary>
    public async ValueTask<(Outcome Outcome, Revision Revision)> RegisterAsync(
        string token, string member, string value, CancellationToken cancellationToken)
    {
        byte[] key = Utf8(MemberPrefix(token) + member);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            RegistryView view = await ReadAsync(token, cancellationToken).ConfigureAwait(false);
            if (view.Size is not { } size)
                return (view.Absence, view.Revision);
            if (view.Find(token, member) is not null)
                return (Outcome.Exists, view.Revision);
            if (view.WasSealed || view.Members.Count >= view.Places + SpareMembers)
                return (Outcome.Full, view.Revision);

            Transaction transaction = Transaction.If(
                Comparison.Exists(KeyRange.Single(size.Key)),
                Comparison.Missing(KeyRange.Single(SealKey(token))),
                Comparison.Missing(KeyRange.Single(key)),
                NobodyElseCame(token, view)).Then(
                Operation.Put(key, Utf8(value), new PutOptions { Lease = size.Lease }));
            try
            {
                TransactionResult result = await store.CommitAsync(transaction, cancellationToken)
                    .ConfigureAwait(false);
                if (result.Succeeded)
                    return (Outcome.Done, result.Revision);
            }
            catch (LeaseNotFoundException)
            {
                // The token expires this very moment; the next look finds it gone.
            }
        }

        throw TooBusy();
    }

    /// <summary>Deletes a member.</summary>
    public async ValueTask<(Outcome Outcome, Revision Revision, KeyValue? Deleted)> DeleteAsync(
        string token, string member, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            RegistryView view = await ReadAsync(token, cancellationToken).ConfigureAwait(false);
            if (view.Size is not { } size)
                return (view.Absence, view.Revision, null);
            if (view.Find(token, member) is not { } present)
                return (Outcome.UnknownMember, view.Revision, null);

            KeyRange key = KeyRange.Single(present.Key);
            DeleteOperation delete = Operation.Delete(key);
            Operation[] operations = !view.IsSealed || view.WasSealed
                ? [delete]
                : [delete, Operation.Put(Utf8(SealKey(token)), Utf8("1"), new PutOptions { Lease = size.Lease })];
            Transaction transaction = Transaction.If(
                Comparison.Exists(KeyRange.Single(size.Key)),
                Comparison.OfModRevision(key, ComparisonOperator.Equal, present.ModRevision),
                NobodyElseCame(token, view)).Then(operations);
            try
            {
                TransactionResult result = await store.CommitAsync(transaction, cancellationToken)
                    .ConfigureAwait(false);
                if (result.Succeeded)
                    return (Outcome.Done, result.Revision, present);
            }
            catch (LeaseNotFoundException)
            {
                // As above.
            }
        }

        throw TooBusy();
    }

    /// <summary>Waits for a member that is registered at a revision or later.</summary>
    /// <remarks>
    /// Who is there already is found without history, so a compaction loses nothing. Members that left are not told
    /// of, nor what somebody writes over a member: etcd's members take any news for a new one.
    /// </remarks>
    /// <param name="token">The token.</param>
    /// <param name="member">The member to wait for; empty for any.</param>
    /// <param name="from">The first revision of interest.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<KeyValue> WaitAsync(
        string token, string member, Revision from, CancellationToken cancellationToken)
    {
        KeyRange range = member.Length == 0
            ? KeyRange.Prefix(MemberPrefix(token))
            : KeyRange.Single(MemberPrefix(token) + member);
        while (true)
        {
            GetResult present = await store.GetAsync(range, null, cancellationToken).ConfigureAwait(false);
            if (present.KeyValues.Where(pair => pair.CreateRevision >= from).MinBy(pair => pair.CreateRevision)
                is { } first)
            {
                return first;
            }

            Revision start = new(Math.Max(from.Value, present.Revision.Value + 1));
            WatchOptions watch = new() { StartRevision = start, SkipDeletes = true };
            try
            {
                await foreach (WatchBatch batch in store.WatchAsync(range, watch, cancellationToken)
                    .ConfigureAwait(false))
                {
                    if (batch.Events.FirstOrDefault(IsCreation) is { } news)
                        return news.KeyValue;
                }
            }
            catch (CompactedException)
            {
                // What was forgotten is in the state, if it still matters.
            }
        }
    }

    private static bool IsCreation(WatchEvent change) =>
        change.Kind is WatchEventKind.Put && change.KeyValue.Version == 1;

    /// <summary>Whether the members are those that were read; who left in between does no harm.</summary>
    private static Comparison NobodyElseCame(string token, RegistryView view) => Comparison.OfModRevision(
        KeyRange.Prefix(MemberPrefix(token)), ComparisonOperator.Less, new Revision(view.Revision.Value + 1));

    private static string SizeKey(string token) => NameOf(token, TokenPath.SizePath);

    private static string SealKey(string token) => NameOf(token, "_config/sealed");

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static Raft.ProposalDroppedException TooBusy() =>
        new("Too many members register for this token at once; try again shortly.");
}
