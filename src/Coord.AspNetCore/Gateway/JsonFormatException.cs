namespace Coord.AspNetCore.Gateway;

/// <summary>A request's body is not what it should be; the message is the text that clients get.</summary>
internal sealed class JsonFormatException(string message) : Exception(message)
{
    /// <summary>What Go says of a value that ends too early in a stream.</summary>
    public static JsonFormatException UnexpectedEnd() => new("unexpected EOF");

    /// <summary>A value is of another type than the field.</summary>
    /// <param name="value">What the value is, in Go's words.</param>
    /// <param name="type">What it should have been, in Go's words.</param>
    public static JsonFormatException Mismatch(string value, string type) =>
        new($"json: cannot unmarshal {value} into Go value of type {type}");
}
