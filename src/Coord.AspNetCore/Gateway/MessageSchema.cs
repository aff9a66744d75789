using System.Collections.Concurrent;
using Google.Protobuf.Reflection;

namespace Coord.AspNetCore.Gateway;

/// <summary>What the gateway needs to know of a type of messages: made once, from its descriptor.</summary>
/// <remarks>
/// The protocol's JSON is translated from and to its binary encoding by these tables, and the generated code parses
/// and writes the binary one. So nothing is reflected upon, boxed or generated at run time, all of which
/// source-generated <c>System.Text.Json</c> would need a second set of types to avoid; and what etcd counts, the
/// size of the binary encoding, is at hand.
/// </remarks>
internal sealed class MessageSchema
{
    private static readonly ConcurrentDictionary<string, MessageSchema> Schemas = new(StringComparer.Ordinal);

    private readonly MessageDescriptor _descriptor;
    private readonly Dictionary<int, FieldSchema> _byNumber;

    private MessageSchema(MessageDescriptor descriptor)
    {
        _descriptor = descriptor;
        IList<FieldDescriptor> fields = descriptor.Fields.InFieldNumberOrder();
        Fields = [.. fields.Select((field, index) => new FieldSchema(field, index))];
        _byNumber = Fields.ToDictionary(field => field.Number);
    }

    public FieldSchema[] Fields { get; }

    /// <summary>Finds the table of a type.</summary>
    public static MessageSchema Of(MessageDescriptor descriptor) =>
        Schemas.GetOrAdd(descriptor.FullName, static (_, found) => new MessageSchema(found), descriptor);

    public FieldSchema? Find(int number) => _byNumber.GetValueOrDefault(number);

    public override string ToString() => _descriptor.FullName;
}
