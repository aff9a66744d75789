namespace Coord.Kv;

/// <summary>How a comparison of a transaction compares what is stored with what is given.</summary>
public enum ComparisonOperator
{
    /// <summary>Stored is equal to given.</summary>
    Equal,

    /// <summary>Stored is greater than given.</summary>
    Greater,

    /// <summary>Stored is less than given.</summary>
    Less,

    /// <summary>Stored is different from given.</summary>
    NotEqual,
}
