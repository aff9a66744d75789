using System.Text;
using System.Text.Json;

namespace Coord.Cli.Output;

/// <summary>An answer in all its forms; the printer takes the one that is wanted.</summary>
public sealed class Report
{
    private readonly List<byte[]> _lines = [];
    private readonly List<(string Name, object Value)> _fields = [];

    /// <summary>Gets the lines of the simple form, as bytes.</summary>
    public IReadOnlyList<byte[]> Lines => _lines;

    public IReadOnlyList<(string Name, object Value)> Fields => _fields;

    /// <summary>Gets or sets what writes the members of the JSON object, or the elements of the array.</summary>
    public Action<Utf8JsonWriter>? Json { get; set; }

    /// <summary>Gets or sets a value indicating whether the JSON form is an array.</summary>
    public bool IsJsonArray { get; set; }

    /// <summary>Gets or sets the columns of the table; without any, the simple form serves.</summary>
    public string[] Columns { get; set; } = [];

    public List<string[]> Rows { get; } = [];

    public Report Line(string line) => Line(Encoding.UTF8.GetBytes(line));

    public Report Line(byte[] line)
    {
        _lines.Add(line);
        return this;
    }

    public Report Field(string name, object value)
    {
        _fields.Add((name, value));
        return this;
    }
}
