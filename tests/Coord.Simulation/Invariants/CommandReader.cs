using Coord.Kv;
using Coord.Kv.Commands;

namespace Coord.Simulation.Invariants;

/// <summary>Turns commands of the log back into what was asked of the store.</summary>
internal static class CommandReader
{
    /// <summary>Returns the transaction that a put, a deletion or a transaction is.</summary>
    public static Transaction ToTransaction(in Command command)
    {
        switch (command.Kind)
        {
            case CommandKind.Put:
                return Transaction.Of(
                    Operation.Put(command.Key, command.Value, ToOptions(command.Flags, command.Lease)));
            case CommandKind.Delete:
                return Transaction.Of(Operation.Delete(
                    new(command.Key, command.Value), new() { ReturnPrevious = command.ReturnsPrevious }));
            default:
                TransactionProgram program = new();
                if (!program.TryRead(command.Body))
                    throw new InvalidDataException("The body of a transaction is none.");
                return ToTransaction(program, 0);
        }
    }

    /// <summary>Returns a transaction's answer as it stands in the result of its command.</summary>
    public static TransactionResult ToAnswer(in Command command, Revision revision, in CommandResult result)
    {
        bool holds = command.Kind is not CommandKind.Transaction || result.Number == 1;
        IReadOnlyList<OperationResult> results = command.Kind switch
        {
            CommandKind.Put =>
                [new(Put: new(revision, ResultCodec.ReadVersions(result.Body) is [var previous] ? previous : null))],
            CommandKind.Delete =>
                [new(Delete: new(revision, result.Number, ResultCodec.ReadVersions(result.Body)))],
            _ => ResultCodec.ReadOperations(result.Body),
        };
        return new(revision, holds, results);
    }

    private static Transaction ToTransaction(TransactionProgram program, int index)
    {
        TransactionStep step = program[index];
        IReadOnlyList<Comparison> conditions = [.. program.ConditionsOf(step)];
        IReadOnlyList<Operation> success = ToOperations(program, step with { Holds = true });
        return new() { Conditions = conditions, Success = success, Failure = ToOperations(program, step) };
    }

    /// <summary>Returns what a transaction does; if it does not hold, the other list.</summary>
    private static List<Operation> ToOperations(TransactionProgram program, TransactionStep step)
    {
        List<Operation> operations = [];
        foreach (OperationStep operation in program.TakenOf(step))
        {
            operations.Add(operation.Kind switch
            {
                OperationKind.Put => Operation.Put(
                    operation.Key, operation.Value, ToOptions(operation.Flags, operation.Lease)),
                OperationKind.Get => Operation.Get(new(operation.Key, operation.Value), operation.Get),
                OperationKind.Delete => Operation.Delete(
                    new(operation.Key, operation.Value),
                    new() { ReturnPrevious = operation.Flags.HasFlag(PutFlags.ReturnPrevious) }),
                _ => Operation.Nested(ToTransaction(program, operation.Nested)),
            });
        }

        return operations;
    }

    private static PutOptions ToOptions(PutFlags flags, long lease) => new()
    {
        ReturnPrevious = flags.HasFlag(PutFlags.ReturnPrevious),
        KeepValue = flags.HasFlag(PutFlags.KeepValue),
        KeepLease = flags.HasFlag(PutFlags.KeepLease),
        Lease = new(lease),
    };
}
