using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Coord.AspNetCore.Gateway;

/// <summary>What the gateway needs to know of a field.</summary>
internal sealed class FieldSchema
{
    private readonly MessageDescriptor? _messageType;
    private MessageSchema? _message;

    public FieldSchema(FieldDescriptor field, int index)
    {
        Index = index;
        Number = field.FieldNumber;
        Type = field.FieldType;
        IsRepeated = field.IsRepeated;
        IsOneof = field.ContainingOneof is not null;
        Name = Encoding.UTF8.GetBytes(field.Name);
        CamelName = Encoding.UTF8.GetBytes(field.JsonName);
        Label = Encoding.UTF8.GetBytes($"\"{field.Name}\":");
        _messageType = Type is FieldType.Message ? field.MessageType : null;
        WireType = Type switch
        {
            FieldType.Message or FieldType.String or FieldType.Bytes => WireFormat.WireType.LengthDelimited,
            FieldType.Int64 or FieldType.UInt64 or FieldType.Int32 or FieldType.UInt32 or FieldType.Bool
                or FieldType.Enum => WireFormat.WireType.Varint,
            _ => throw new NotSupportedException($"The gateway has no JSON for {field.FullName}."),
        };
        if (Type is FieldType.Enum)
        {
            EnumDescriptor type = field.EnumType;
            GoType = $"{type.File.Package}.{type.FullName[(type.File.Package.Length + 1)..].Replace('.', '_')}";
            EnumValues = [.. type.Values.Select(value => (Encoding.UTF8.GetBytes(value.Name), value.Number))];
        }
        else
        {
            GoType = Type switch
            {
                FieldType.Message => "map[string]json.RawMessage",
                FieldType.Bytes => "[]uint8",
                _ => Type.ToString().ToLowerInvariant(),
            };
        }
    }

    /// <summary>Gets the place among the fields of the message.</summary>
    public int Index { get; }

    public int Number { get; }

    public FieldType Type { get; }

    public WireFormat.WireType WireType { get; }

    public bool IsRepeated { get; }

    /// <summary>Gets a value indicating whether it matters that the field is there, even with the value zero.</summary>
    public bool IsOneof { get; }

    /// <summary>Gets the name as in the protocol, which is also the one that is written.</summary>
    public byte[] Name { get; }

    /// <summary>Gets the other name that is read.</summary>
    public byte[] CamelName { get; }

    /// <summary>Gets the name with quotes and colon.</summary>
    public byte[] Label { get; }

    /// <summary>Gets the type's name in errors.</summary>
    public string GoType { get; }

    public (byte[] Name, int Number)[] EnumValues { get; } = [];

    /// <summary>Gets the table of the field's messages; found late, because types may contain themselves.</summary>
    public MessageSchema Message => _message ??= MessageSchema.Of(_messageType!);
}
