namespace Coord.Simulation.Checking;

/// <summary>What is asked of a register. Immutable.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Value">What is written, if anything is.</param>
/// <param name="Expected">What a compare-and-set expects.</param>
/// <param name="Key">Which register, where there are several.</param>
internal sealed record RegisterInput(RegisterCallKind Kind, int? Value = null, int? Expected = null, int Key = 0)
{
    public static RegisterInput Read(int key = 0) => new(RegisterCallKind.Read, Key: key);

    public static RegisterInput Write(int value, int key = 0) => new(RegisterCallKind.Write, value, Key: key);

    public static RegisterInput CompareAndSet(int? expected, int value, int key = 0) =>
        new(RegisterCallKind.CompareAndSet, value, expected, key);

    public override string ToString() => Kind switch
    {
        RegisterCallKind.Read => "read",
        RegisterCallKind.Write => $"write {Value}",
        _ => $"set {Value} if {(Expected is { } expected ? expected : "nothing")}",
    };
}
