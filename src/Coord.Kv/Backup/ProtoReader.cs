using System.Buffers.Binary;

namespace Coord.Kv.Backup;

/// <summary>Reads the fields of a protobuf message one after the other, up to its end or what is none.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Gets the number of the field.</summary>
    public int Field { get; private set; }

    /// <summary>Gets the number in the field, if it is one.</summary>
    public long Number { get; private set; }

    /// <summary>Gets the bytes in the field, if it has bytes.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Gets a value indicating whether what was read is not a message.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Reads the next field; false at the end, or where the message is broken.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || !TryReadNumber(out ulong tag))
            return false;

        (Field, Number) = ((int)(tag >> 3), 0);
        Content = default;
        switch (tag & 7)
        {
            case 0:
                if (!TryReadNumber(out ulong number))
                    return false;
                Number = (long)number;
                return true;
            case 1 when _rest.Length >= 8:
                Number = BinaryPrimitives.ReadInt64LittleEndian(_rest);
                _rest = _rest[8..];
                return true;
            case 5 when _rest.Length >= 4:
                Number = BinaryPrimitives.ReadInt32LittleEndian(_rest);
                _rest = _rest[4..];
                return true;
            case 2 when TryReadNumber(out ulong length) && length <= (ulong)_rest.Length:
                Content = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            default:
                IsBroken = true;
                return false;
        }
    }

    private bool TryReadNumber(out ulong number)
    {
        number = 0;
        for (int i = 0; i < 10 && i < _rest.Length; i++)
        {
            number |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        IsBroken = true;
        return false;
    }
}
