namespace Coord.Kv.Commands;

/// <summary>One transaction of a program: where its conditions and operations lie in the program's lists.</summary>
internal record struct TransactionStep
{
    public int FirstCondition { get; set; }

    public int Conditions { get; set; }

    public int FirstSuccess { get; set; }

    public int Successes { get; set; }

    public int FirstFailure { get; set; }

    public int Failures { get; set; }

    /// <summary>Gets or sets a value indicating whether all conditions held before anything was written.</summary>
    public bool Holds { get; set; }

    public readonly int FirstTaken => Holds ? FirstSuccess : FirstFailure;

    public readonly int Taken => Holds ? Successes : Failures;
}
