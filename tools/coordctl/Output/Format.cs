namespace Coord.Cli.Output;

/// <summary>In which form an answer is printed.</summary>
public enum Format
{
    Simple,
    Json,
    Fields,
    Table,
}
