using Coord.Kv;

namespace Coord.Simulation.Checking;

/// <summary>Prints requests and answers of the store in full: two are alike if and only if their texts are.</summary>
internal static class StoreText
{
    public static string Of(KeyValue? kv) => kv is null
        ? "nothing"
        : $"{ChangeLog.TextOf(kv.Key.Span)}={ChangeLog.TextOf(kv.Value.Span)}"
        + $" c{kv.CreateRevision.Value} m{kv.ModRevision.Value} v{kv.Version} l{kv.Lease.Value}";

    public static string Of(TransactionResult result) =>
        $"{result.Revision} {(result.Succeeded ? "then" : "else")} [{string.Join("; ", result.Results.Select(Of))}]";

    public static string Of(WatchEvent one) => one.Kind is WatchEventKind.Put
        ? $"put {Of(one.KeyValue)}"
        : $"delete {ChangeLog.TextOf(one.KeyValue.Key.Span)} {one.Revision}{Excess(one.KeyValue)}";

    public static string Of(IEnumerable<WatchEvent> events) => $"[{string.Join("; ", events.Select(Of))}]";

    public static string Of(Transaction transaction)
    {
        string conditions = string.Join(" and ", transaction.Conditions.Select(Of));
        string success = string.Join("; ", transaction.Success.Select(Of));
        string failure = string.Join("; ", transaction.Failure.Select(Of));
        return conditions.Length + failure.Length == 0
            ? success
            : $"if {(conditions.Length == 0 ? "true" : conditions)} then [{success}] else [{failure}]";
    }

    private static string Of(OperationResult result) => result switch
    {
        { Put: { } put } => $"put {put.Revision} {(put.Previous is null ? "" : Of(put.Previous))}",
        { Get: { } get } =>
            $"get {get.Revision} {get.Count}{(get.More ? "+" : "")} ({string.Join(", ", get.KeyValues.Select(Of))})",
        { Delete: { } delete } =>
            $"delete {delete.Revision} {delete.Deleted} ({string.Join(", ", delete.Previous.Select(Of))})",
        { Nested: { } nested } => $"({Of(nested)})",
        _ => "nothing",
    };

    private static string Of(Comparison condition) =>
        $"{condition.Target} of {condition.Range} {condition.Operator} "
        + (condition.Target is ComparisonTarget.Value
            ? ChangeLog.TextOf(condition.Value.Span)
            : $"{condition.Number}");

    private static string Of(Operation operation) => operation switch
    {
        PutOperation put =>
            $"put {ChangeLog.TextOf(put.Key.Span)}={ChangeLog.TextOf(put.Value.Span)}{Flags(put.Options)}",
        GetOperation { Options.Revision: { IsZero: false } revision } get => $"get {get.Range} at {revision}",
        GetOperation get => $"get {get.Range}",
        DeleteOperation delete => $"delete {delete.Range}",
        NestedOperation nested => $"({Of(nested.Transaction)})",
        _ => $"{operation}",
    };

    private static string Flags(PutOptions? options) => options is null
        ? ""
        : (options.Lease.IsNone ? "" : $" l{options.Lease.Value}")
        + (options.KeepValue ? " keeping the value" : "")
        + (options.KeepLease ? " keeping the lease" : "");

    private static string Excess(KeyValue kv) =>
        kv is { Version: 0, CreateRevision.IsZero: true, Value.IsEmpty: true, Lease.IsNone: true }
            ? ""
            : $" ({Of(kv)})";
}
